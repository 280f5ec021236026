"""A message in XML, SOAP or not. What could make a parser read, fetch or grow something else is refused: DTDs."""

from collections.abc import Mapping, Sequence
from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers.expat import ErrorString, ExpatError, ParserCreate

from charting.inbox.document import Unreadable, said

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
_DEEPEST = 64
"""Elements in each other: no message has a tenth."""


class XmlPart:
    """`path`: ElementTree's, with the template's prefixes; its last step may be an attribute, `a/@b`."""

    def __init__(self, element: Element, root: Element, prefixes: Mapping[str, str]) -> None:
        self._element = element
        self._root = root
        self._prefixes = dict(prefixes)

    @classmethod
    def of(cls, text: str, prefixes: Mapping[str, str], inner: str = "") -> "XmlPart":
        """`inner`: path of an element whose text is the message, in XML again. Raises Unreadable."""
        root = parse(text)
        if inner:
            outer = cls(root, root, prefixes)
            within = outer.text_of(inner)
            if within is None:
                raise Unreadable(inner, "not told")
            root = parse(within.strip())
        return cls(root, root, prefixes)

    def text(self, path: str) -> str | None:
        found = self.text_of(path)
        return None if found is None else said(path, found)

    def text_of(self, path: str) -> str | None:
        """As it stands there, however long. Raises Unreadable where there are several."""
        steps, _, attribute = path.partition("@")
        found = self._at(steps.removesuffix("/") if attribute else path)
        if len(found) > 1:
            raise Unreadable(path, "stands there more than once")
        if not found:
            return None
        if attribute:
            return found[0].get(attribute)
        if len(found[0]):
            raise Unreadable(path, "expected a text")
        return found[0].text or ""

    def each(self, path: str) -> "Sequence[XmlPart]":
        return [XmlPart(element, self._root, self._prefixes) for element in self._at(path)]

    def _at(self, path: str) -> list[Element]:
        start = self._root if path.startswith("/") else self._element
        steps = path.lstrip("/")
        return start.findall(steps, self._prefixes) if steps else [start]


def parse(text: str) -> Element:
    """The root. Raises Unreadable for what is no XML, has a DTD, or is nested too deeply."""
    builder, depth = TreeBuilder(), 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise Unreadable(f"line {parser.CurrentLineNumber}", "nested too deeply")
        builder.start(_named(name), {_named(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_named(name))

    def doctype(*_: object) -> NoReturn:
        raise Unreadable(f"line {parser.CurrentLineNumber}", "a DTD is not read")

    parser = ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(text, True)
    except ExpatError as error:
        raise Unreadable(f"line {error.lineno} column {error.offset}", f"not XML: {ErrorString(error.code)}") from None
    except UnicodeEncodeError:
        raise Unreadable("message", "holds half of a character") from None
    return builder.close()


def soap(root: Element) -> str:
    """The namespace of the envelope; that of SOAP 1.1 where there is none."""
    return SOAP_12 if root.tag == f"{{{SOAP_12}}}Envelope" else SOAP_11


def _named(name: str) -> str:
    return f"{{{name}" if "}" in name else name
