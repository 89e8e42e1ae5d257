package io.adapt4j.core.internal.tensor;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Caching allocator for training: the memory of closed tensors is reused for new ones of the same
 * size. Without it, the memory of a step's activations goes back to the system at the end of the
 * step, and the next step pays for fresh pages.
 *
 * <p>The cache never increases the peak of memory in use: idle blocks are freed before a block of a
 * new size would exceed it. A block is idle once the last tensor over it is closed, including
 * views: the addresses of an operator's results are compared with its arguments' blocks.
 */
public final class CachingAllocator implements Engine.Reuse {

  private static final Operator EMPTY = Operator.core("empty");
  private static final Operator VIEW_OF_BLOCK = Operator.core("view_of_block");

  /** Minimum size; the C library handles smaller tensors well. */
  private static final long LEAST_BYTES = 1 << 15;

  /** Maximum size; larger tensors are rare, and no buffer reveals their address. */
  private static final long MOST_BYTES = 1L << 30;

  /** A block may be larger than the request by one part in this many. */
  private static final long LARGEST_WASTE = 8;

  private static final CachingAllocator HOST = new CachingAllocator();

  /** Memory that one or more tensors view. */
  private final class Block implements TensorMemory.Lease {
    private final DType type;
    private final long count;
    private final long base;
    private final long address;

    /** Handle of a tensor over the block, kept with its sizes for the next use. */
    private long view;

    private long[] sizes;
    private int tensors;

    private Block(DType type, long count, long base) {
      this.type = type;
      this.count = count;
      this.base = base;
      this.address = TensorMemory.addressOf(base);
      HugePages.ask(address, bytes());
    }

    private long bytes() {
      return count * type.bytes();
    }

    private boolean holds(long place) {
      return place >= address && place < address + bytes();
    }

    @Override
    public void close(long handle) {
      synchronized (CachingAllocator.this) {
        if (handle != view) {
          LibTorch.deleteTensor(handle);
        }
        if (--tensors == 0) {
          giveBack(this);
        }
      }
    }

    private void free() {
      if (view != 0) {
        LibTorch.deleteTensor(view);
      }
      LibTorch.deleteTensor(base);
    }
  }

  private final Map<DType, NavigableMap<Long, Deque<Block>>> idle = new EnumMap<>(DType.class);
  private long idleBytes;
  private long usedBytes;
  private long mostUsed;
  private int users;

  private CachingAllocator() {}

  /** {@return the allocator of tensors in host memory} */
  public static CachingAllocator host() {
    return HOST;
  }

  /** Enables caching; each call needs a matching {@link #release}. */
  public synchronized void retain() {
    Engine.reuse(this);
    users++;
  }

  /** Frees idle blocks and disables caching once every {@link #retain} is released. */
  public synchronized void release() {
    users--;
    if (users == 0) {
      freeIdle(Long.MAX_VALUE);
      mostUsed = usedBytes;
    }
  }

  /** {@return bytes cached and not in use} */
  public synchronized long idleBytes() {
    return idleBytes;
  }

  @Override
  public Tensor take(Engine engine, DType type, long[] sizes) {
    long count = 1;
    for (long size : sizes) {
      count *= size;
    }
    long bytes = count * type.bytes();
    if (bytes < LEAST_BYTES || bytes > MOST_BYTES) {
      return null;
    }
    synchronized (this) {
      if (users == 0) {
        return null;
      }
      Block block = idle(type, count);
      if (block == null) {
        freeIdle(usedBytes + idleBytes + bytes - Math.max(mostUsed, usedBytes + bytes));
        block = new Block(type, count, engine.handle(EMPTY, new long[] {count}, type));
      }
      if (block.view == 0 || !Arrays.equals(block.sizes, sizes)) {
        if (block.view != 0) {
          LibTorch.deleteTensor(block.view);
          block.view = 0;
        }
        block.view = engine.handle(VIEW_OF_BLOCK, new LibTorch.Handle(block.base), count, sizes);
        block.sizes = sizes.clone();
      }
      block.tensors = 1;
      usedBytes += block.bytes();
      mostUsed = Math.max(mostUsed, usedBytes);
      Tensor taken = new Tensor(engine, block.view);
      taken.lease = block;
      return taken;
    }
  }

  @Override
  public void share(Object[] arguments, Tensor... results) {
    for (Object argument : arguments) {
      if (argument instanceof Tensor tensor) {
        share(tensor.lease, results);
      } else if (argument instanceof Tensor[] tensors) {
        share(tensors, results);
      } else if (argument instanceof List<?> list && !list.isEmpty()) {
        share(list.toArray(), results);
      }
    }
  }

  private void share(TensorMemory.Lease lease, Tensor... results) {
    if (!(lease instanceof Block block)) {
      return;
    }
    for (Tensor result : results) {
      if (result.lease == null && block.holds(result.memory().address())) {
        synchronized (this) {
          block.tensors++;
        }
        result.lease = block;
      }
    }
  }

  private Block idle(DType type, long count) {
    NavigableMap<Long, Deque<Block>> blocks = idle.get(type);
    Map.Entry<Long, Deque<Block>> found = blocks == null ? null : blocks.ceilingEntry(count);
    if (found == null || found.getKey() > count + count / LARGEST_WASTE) {
      return null;
    }
    return removed(blocks, found);
  }

  private Block removed(
      NavigableMap<Long, Deque<Block>> blocks, Map.Entry<Long, Deque<Block>> entry) {
    Block block = entry.getValue().pop();
    if (entry.getValue().isEmpty()) {
      blocks.remove(entry.getKey());
    }
    idleBytes -= block.bytes();
    return block;
  }

  private void giveBack(Block block) {
    usedBytes -= block.bytes();
    if (users == 0) {
      block.free();
      return;
    }
    idle.computeIfAbsent(block.type, type -> new TreeMap<>())
        .computeIfAbsent(block.count, count -> new ArrayDeque<>())
        .push(block);
    idleBytes += block.bytes();
  }

  /**
   * Frees idle blocks until so many bytes are free: the smallest block that is large enough,
   * otherwise the largest ones.
   */
  private void freeIdle(long bytes) {
    long left = bytes;
    while (left > 0 && idleBytes > 0) {
      Block block = nearest(left);
      left -= block.bytes();
      block.free();
    }
  }

  private Block nearest(long bytes) {
    NavigableMap<Long, Deque<Block>> best = null;
    Map.Entry<Long, Deque<Block>> chosen = null;
    long size = 0;
    for (Map.Entry<DType, NavigableMap<Long, Deque<Block>>> of : idle.entrySet()) {
      NavigableMap<Long, Deque<Block>> blocks = of.getValue();
      if (blocks.isEmpty()) {
        continue;
      }
      long width = of.getKey().bytes();
      Map.Entry<Long, Deque<Block>> enough = blocks.ceilingEntry((bytes + width - 1) / width);
      Map.Entry<Long, Deque<Block>> entry = enough == null ? blocks.lastEntry() : enough;
      long found = entry.getKey() * width;
      boolean better =
          chosen == null || (size < bytes ? found > size : found >= bytes && found < size);
      if (better) {
        best = blocks;
        chosen = entry;
        size = found;
      }
    }
    return removed(best, chosen);
  }
}
