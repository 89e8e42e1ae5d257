# ggml's quantizer through its shared library: LIBRARY ROWS COLUMNS THREADS TIMES NAME=TYPE...
# Prints for each type and time "NAME seconds". Threads share the rows; ctypes lets them run at once.
import ctypes
import random
import sys
import threading
import time

library, rows, columns, threads, times = sys.argv[1], *map(int, sys.argv[2:6])
quantize = ctypes.CDLL(library).ggml_quantize_chunk
quantize.restype = ctypes.c_size_t
quantize.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p,
                     ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p]
random.seed(17)
part = [random.gauss(0, 0.02) for _ in range(1 << 16)]
count = rows * columns
values = (ctypes.c_float * count)()
for i in range(0, count, len(part)):
    values[i:i + len(part)] = part[:min(len(part), count - i)]
target = ctypes.create_string_buffer(4 * count)
bounds = [rows * i // threads for i in range(threads + 1)]
for text in sys.argv[6:]:
    name, number = text.split("=")
    for _ in range(times):
        begun = time.perf_counter()
        workers = [threading.Thread(target=quantize, args=(
            int(number), values, target, bounds[i] * columns, bounds[i + 1] - bounds[i], columns,
            None)) for i in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        print(name, time.perf_counter() - begun)
