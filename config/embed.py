#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# embed.py IN OUT - write the default configuration as the C function cfg_default_text().
import sys

with open(sys.argv[1], encoding='utf-8') as text, open(sys.argv[2], 'w', encoding='utf-8') as out:
    out.write('/* SPDX-License-Identifier: BSD-3-Clause */\n#include "config/cfg.h"\n\n')
    out.write('const char *cfg_default_text(void)\n{\n\treturn')
    for line in text:
        line = line.rstrip('\n').replace('\\', '\\\\').replace('"', '\\"')
        out.write(f'\n\t\t"{line}\\n"')
    out.write(';\n}\n')
