def size(self):
    return 1
