---
title: not of the importer
---
# Helper

## Help
### Steps
- Help
