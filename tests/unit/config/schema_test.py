#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# schema_test.py SCHEMA YAML... - the JSON Schema is one, takes the configurations that lnsd takes, and refuses broken ones.
# Needs python3-yaml and python3-jsonschema (tools/packages).
import copy
import json
import sys

import jsonschema
import yaml

with open(sys.argv[1], encoding='utf-8') as text:
    schema = json.load(text)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
bad = 0


def check(name, config, valid):
    global bad
    errors = list(validator.iter_errors(config))
    if (not errors) != valid:
        bad += 1
        print(f'{name}: {"refused" if errors else "accepted"}')
        for error in errors:
            print(f'  {list(error.absolute_path)}: {error.message}')


for file in sys.argv[2:]:
    with open(file, encoding='utf-8') as text:
        config = yaml.safe_load(text)
    check(file, config, True)

BROKEN = {
    'unknown key': lambda c: c.update(colour='red'),
    'missing key': lambda c: c.pop('l2tp'),
    'number out of range': lambda c: c['dataplane'].update(workers=65),
    'duration without unit': lambda c: c['l2tp']['lac-profiles'][0].update(hello=10),
    'unknown word': lambda c: c['log'].update(level='chatty'),
    'empty list': lambda c: c['dataplane'].update(ports=[]),
    'range and prefix': lambda c: c['pools'][0].update(prefix='2001:db8::/48', range='10.0.0.0/8'),
    'neither range nor prefix': lambda c: c['pools'].append({'name': 'none'}),
    'address without length': lambda c: c['dataplane']['ports'][0].update(addresses=['192.0.2.1']),
}
for name, change in BROKEN.items():
    broken = copy.deepcopy(config)
    change(broken)
    check(name, broken, False)
sys.exit(1 if bad else 0)
