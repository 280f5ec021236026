"""What an N-560 printed in 2017 (github:konz/cosmopusher, demo stream), in parts; line ends are the fact sheet's."""

HEADING = """\
N-560    VERSION 1.56.00    CRC:XXXX  SpO2 Limit: 90-100%    PR Limit: 60-170BPM
                             ADULT            0SAT-S \n\
TIME                 %SpO2   BPM     PA     Status"""
FALLS = """\
29-Dec-17 07:18:53    99      66      13    MO               \n\
29-Dec-17 07:18:55    99      66       8    MO               \n\
29-Dec-17 07:18:57    89*     66     201    MO SL            \n\
29-Dec-17 07:18:59    83*     66     200    MO SL            \n\
29-Dec-17 07:19:01    79*     66      18    MO SL       AS   """
GOES = """\
29-Dec-17 07:19:27    73*     70      12    MO SL       AS   \n\
29-Dec-17 07:19:29   ---     ---     ---    SD          AS   \n\
29-Dec-17 07:19:31   ---     ---     ---    SD          AS   """
COMES = """\
29-Dec-17 07:20:25   ---     ---     ---    SO               \n\
29-Dec-17 07:20:27     0       0     ---    PS               \n\
29-Dec-17 07:20:29     0       0     ---    PS               \n\
29-Dec-17 07:20:43    94     119       5                     \n\
29-Dec-17 07:20:45    94     103       4                     """
LAST = """\
29-Dec-17 07:21:09    97      63       5    MO               \n\
29-Dec-17 07:21:11    96      63       7    MO               \n\
29-Dec-17 07:21:13    96      63     ---    PS                  """


def sent(*texts: str) -> bytes:
    return b"".join(line.encode("ascii") + b"\r\n" for text in texts for line in text.split("\n"))


def columns(text: str) -> list[tuple[str, str, str, str]]:
    """(saturation, pulse rate, amplitude, status) by where they stand, asterisks included; no form is asked."""
    return [(x[18:25].strip(), x[25:33].strip(), x[33:41].strip(), " ".join(x[41:].split())) for x in text.split("\n")]
