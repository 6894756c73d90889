# Writes HEADER with the text of FILE as the constant IDENTIFIER; run by likeness_embed.
file(READ "${FILE}" text)
file(WRITE "${HEADER}" "#pragma once\n\nnamespace likeness::embedded {\ninline constexpr char ${IDENTIFIER}[] = R\"~~(${text})~~\";\n}\n")
