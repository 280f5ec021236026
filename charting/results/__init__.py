"""What the hospital is told of patients by HL7 v2: vital signs, alarm conditions, signed documents, codes."""
