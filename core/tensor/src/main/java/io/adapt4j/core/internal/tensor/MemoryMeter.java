package io.adapt4j.core.internal.tensor;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * Measures the memory that tensors would take, with an engine on libtorch's meta device, which
 * computes only shapes. A view counts with its base tensor, and an operator's temporary memory
 * counts as its {@link Scratch} states. Not thread safe.
 */
public final class MemoryMeter {

  private static final Operator MEMORY_OF = Operator.core("memory_of");

  /** Memory that several tensors may share. */
  private static final class Block {
    private final long bytes;
    private int tensors;

    Block(long bytes) {
      this.bytes = bytes;
    }
  }

  private final Engine engine = Engine.metered(new Told());
  private final IdentityHashMap<Tensor, Block> blocks = new IdentityHashMap<>();
  private long bytes;
  private long peak;

  public MemoryMeter() {}

  /** {@return the engine whose tensors are counted} */
  public Engine engine() {
    return engine;
  }

  /** {@return the bytes of the open tensors} */
  public long bytes() {
    return bytes;
  }

  /** {@return the peak of bytes since {@link #restart}} */
  public long peak() {
    return peak;
  }

  /** Resets the peak to the bytes of the open tensors. */
  public void restart() {
    peak = bytes;
  }

  /** Counts the engine's tensors. */
  private final class Told implements Engine.Counter {

    @Override
    public void ran(Operator operator, Object[] arguments, Tensor... made) {
      List<Tensor> given = counted(arguments);
      for (Tensor tensor : made) {
        long found = MEMORY_OF.integer(tensor, given);
        Block block = found < 0 ? blocks.get(given.get((int) (-1 - found))) : new Block(found);
        blocks.put(tensor, block);
        bytes += block.tensors++ == 0 ? block.bytes : 0;
        given.add(tensor);
      }
      peak = Math.max(peak, bytes + operator.scratch().bytes(arguments));
    }

    private List<Tensor> counted(Object[] arguments) {
      List<Tensor> found = new ArrayList<>();
      for (Object argument : arguments) {
        if (argument instanceof Tensor tensor && blocks.containsKey(tensor)) {
          found.add(tensor);
        } else if (argument instanceof Tensor[] tensors) {
          found.addAll(counted(tensors));
        } else if (argument instanceof List<?> list) {
          found.addAll(counted(list.toArray()));
        }
      }
      return found;
    }

    @Override
    public void closed(Tensor tensor) {
      Block block = blocks.remove(tensor);
      if (block != null) {
        bytes -= --block.tensors == 0 ? block.bytes : 0;
      }
    }
  }
}
