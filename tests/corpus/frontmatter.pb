#!/usr/bin/env playbooks
---
# a comment
title: "Pens: a haggle"
model: script:haggle_model.py
version: 2
ratio: 0.75
draft: false
nothing:
date: 2025-01-31
tags: [pen, 'paper, plain', 3]
authors:
  - Ann
  - Ben
limits:
  calls: 10
  seconds: 1.5e2
---

# Seller
