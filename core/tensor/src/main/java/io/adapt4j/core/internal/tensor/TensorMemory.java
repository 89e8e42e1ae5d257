package io.adapt4j.core.internal.tensor;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** A tensor's own memory for Java and native code. Its buffers become invalid with the tensor. */
final class TensorMemory {

  /** Memory that a tensor views and does not own. */
  interface Lease {

    /** Closes a tensor over it. */
    void close(long handle);
  }

  private static final Operator FIRST_ELEMENT = Operator.core("first_element");
  private static final int LEAST_PRUNED = 8;

  private final Tensor tensor;

  /** Buffers that may still be in use. */
  private final List<WeakReference<ByteBuffer>> lent = new ArrayList<>(1);

  /** 0 until it is needed: finding it takes several calls. */
  private long address;

  private int pruneAt = LEAST_PRUNED;

  TensorMemory(Tensor tensor) {
    this.tensor = tensor;
  }

  /** Closes a libtorch tensor over leased memory or, if that is null, over its own. */
  static void close(long handle, Lease lease) {
    if (lease == null) {
      LibTorch.deleteTensor(handle);
    } else {
      lease.close(handle);
    }
  }

  /** Returns a buffer over the whole tensor. */
  ByteBuffer buffer() {
    requireContiguous();
    if (!tensor.isOnHost()) {
      throw new IllegalStateException(
          "The data of a tensor outside host memory was asked for; copy it to the host first");
    }
    if (tensor.count() == 0) {
      return ByteBuffer.allocateDirect(0).order(ByteOrder.nativeOrder());
    }
    return lend(LibTorch.directBuffer(tensor.handle()));
  }

  /** Returns the device address of the first element, whatever the layout. */
  long address() {
    if (address == 0 && tensor.count() > 0) {
      // A buffer holds at most 2 GiB of contiguous memory; otherwise use one over the first
      // element.
      boolean whole = tensor.count() < Integer.MAX_VALUE / Long.BYTES && tensor.isContiguous();
      if (whole) {
        address = addressOf(tensor.handle());
      } else {
        try (Tensor first = FIRST_ELEMENT.tensor(tensor)) {
          address = addressOf(first.handle());
        }
      }
    }
    return address;
  }

  long contiguousAddress() {
    requireContiguous();
    return address();
  }

  /** Returns the address of the first element of a contiguous tensor. */
  static long addressOf(long handle) {
    return Pointer.nativeValue(Native.getDirectBufferPointer(LibTorch.directBuffer(handle)));
  }

  private void requireContiguous() {
    if (!LibTorch.isContiguous(tensor.handle())) {
      throw new IllegalStateException(
          "The data of a tensor that is not contiguous was asked for; copy it first");
    }
  }

  /** Remembers a buffer for as long as it is referenced. */
  private synchronized ByteBuffer lend(ByteBuffer buffer) {
    if (lent.size() >= pruneAt) {
      lent.removeIf(reference -> reference.get() == null);
      pruneAt = Math.max(LEAST_PRUNED, 2 * lent.size());
    }
    lent.add(new WeakReference<>(buffer));
    return buffer;
  }

  /** Empties every buffer, so that later reads or writes fail. */
  synchronized void takeBack() {
    for (WeakReference<ByteBuffer> reference : lent) {
      ByteBuffer buffer = reference.get();
      if (buffer != null) {
        buffer.limit(0);
      }
    }
    lent.clear();
  }
}
