package io.adapt4j.core.internal.tensor;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import io.adapt4j.core.exception.EngineException;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * A libtorch tensor with exactly one owner.
 *
 * <p>Tensors are made where {@link EngineInfo#device} says; those that hold data on its way there
 * or back, and paged optimizer state, are in host memory in any case.
 *
 * <p>A tensor made while a {@link Scope} is open on its thread belongs to that scope and is closed
 * with it, unless it is moved on ({@link Scope#keep}, {@link #own}); otherwise whoever made it
 * closes it. Closing twice is harmless; use after close throws {@link IllegalStateException}. Not
 * thread safe.
 */
public final class Tensor implements AutoCloseable {

  private static final AtomicLong LIVE = new AtomicLong();

  private static final int LEAST_PRUNED = 8;

  private long handle;

  /** The buffers over this tensor's memory that may still be in use; null for none. */
  private List<WeakReference<ByteBuffer>> lent;

  private int pruneAt = LEAST_PRUNED;
  private long[] sizes;
  private DType type;

  /** The scope that will close this tensor, or null when its holder does. */
  private Scope scope;

  Tensor(long handle) {
    this.handle = handle;
    LIVE.incrementAndGet();
    Scope current = Scope.current();
    if (current != null) {
      current.adopt(this);
    }
  }

  /**
   * Makes an uninitialized tensor.
   *
   * @param type element type
   * @param sizes dimensions
   * @return the tensor
   */
  public static Tensor empty(DType type, long... sizes) {
    return make("empty", TensorDevice.current(), type, sizes);
  }

  /**
   * Makes an uninitialized tensor in host memory, wherever others live.
   *
   * @param type element type
   * @param sizes dimensions
   * @return the tensor
   */
  public static Tensor emptyOnHost(DType type, long... sizes) {
    return make("empty", TensorDevice.HOST, type, sizes);
  }

  /**
   * Makes a tensor of zeros.
   *
   * @param type element type
   * @param sizes dimensions
   * @return the tensor
   */
  public static Tensor zeros(DType type, long... sizes) {
    return make("zeros", TensorDevice.current(), type, sizes);
  }

  /**
   * Makes a tensor of zeros in host memory, wherever others live.
   *
   * @param type element type
   * @param sizes dimensions
   * @return the tensor
   */
  public static Tensor zerosOnHost(DType type, long... sizes) {
    return make("zeros", TensorDevice.HOST, type, sizes);
  }

  private static Tensor make(String factory, TensorDevice device, DType type, long[] sizes) {
    Tensor tensor =
        device.isHost()
            ? LibTorch.tensor(factory, false, sizes, type)
            : LibTorch.tensor(factory + "_on", false, sizes, type, device.name());
    tensor.type = type;
    return tensor;
  }

  /**
   * Makes a tensor of standard normal values from libtorch's generator for the CPU ({@link
   * Torch#seed}), whatever the device: the same values everywhere.
   *
   * @param type element type
   * @param sizes dimensions
   * @return the tensor
   */
  public static Tensor randn(DType type, long... sizes) {
    return LibTorch.tensor("randn", false, sizes, type).moved();
  }

  /**
   * Makes an I64 tensor from Java values.
   *
   * @param values the elements in row-major order
   * @param sizes dimensions; their product is the number of values
   * @return the tensor
   */
  public static Tensor of(long[] values, long... sizes) {
    Tensor tensor = emptyOnHost(DType.I64, sizes);
    tensor.requireCount(values.length);
    tensor.data().asLongBuffer().put(values);
    return tensor.moved();
  }

  /**
   * Makes an F32 tensor from Java values.
   *
   * @param values the elements in row-major order
   * @param sizes dimensions; their product is the number of values
   * @return the tensor
   */
  public static Tensor of(float[] values, long... sizes) {
    Tensor tensor = emptyOnHost(DType.F32, sizes);
    tensor.requireCount(values.length);
    tensor.data().asFloatBuffer().put(values);
    return tensor.moved();
  }

  /** This new host tensor, or where others live elsewhere its copy there. */
  private Tensor moved() {
    TensorDevice device = TensorDevice.current();
    if (device.isHost()) {
      return this;
    }
    try (this) {
      return LibTorch.tensor("copy_to", false, this, device.name());
    }
  }

  private void requireCount(int values) {
    if (values != count()) {
      close();
      throw new IllegalArgumentException(
          values + " values do not fill a tensor of shape " + Arrays.toString(sizes()));
    }
  }

  long handle() {
    if (handle == 0) {
      throw new IllegalStateException("This tensor has been closed");
    }
    return handle;
  }

  Scope scope() {
    return scope;
  }

  void scope(Scope owner) {
    scope = owner;
  }

  /**
   * Returns the dimensions.
   *
   * @return the dimensions, empty for a scalar; not a copy, so do not change it
   */
  public long[] sizes() {
    if (sizes == null) {
      sizes = LibTorch.sizes(handle());
    }
    return sizes;
  }

  /**
   * One dimension.
   *
   * @param dimension its index; negative counts from the end
   * @return its size
   */
  public long size(int dimension) {
    long[] all = sizes();
    return all[dimension < 0 ? all.length + dimension : dimension];
  }

  /**
   * Returns the number of elements.
   *
   * @return the product of the dimensions
   */
  public long count() {
    long count = 1;
    for (long size : sizes()) {
      count *= size;
    }
    return count;
  }

  /**
   * Returns the element type.
   *
   * @return the type
   * @throws EngineException if it is none of {@link DType}
   */
  public DType type() {
    if (type == null) {
      type = DType.ofCode(LibTorch.integer("dtype_of", this));
    }
    return type;
  }

  /** Notes that the element type is another tensor's, which spares asking libtorch. */
  Tensor typedAs(Tensor other) {
    type = other.type;
    return this;
  }

  /**
   * Tells tensors in host memory from others.
   *
   * @return true in host memory
   */
  public boolean isOnHost() {
    return LibTorch.deviceKind(handle()) == TensorDevice.HOST.kind();
  }

  /**
   * The elements in host memory, for {@link #data}.
   *
   * @return this tensor if it is there, of whatever layout; else a contiguous copy, owned by the
   *     open scope, else by the caller
   */
  public Tensor toHost() {
    return isOnHost() ? this : LibTorch.tensor("to_host", false, this);
  }

  /**
   * A copy in the memory that another tensor is in, also where it is this tensor's own.
   *
   * @param other any tensor
   * @return a new tensor
   */
  public Tensor copyBeside(Tensor other) {
    return LibTorch.tensor("copy_beside", false, this, other);
  }

  /**
   * Overwrites a contiguous tensor of at most 2 GiB from host memory, wherever it lives: the writer
   * gets its own memory where that is in the host, else a host tensor that is then copied.
   *
   * @param writer fills all of the buffer, which is in native byte order
   */
  public void fill(Consumer<ByteBuffer> writer) {
    if (isOnHost()) {
      writer.accept(data());
      return;
    }
    try (Tensor staged = emptyOnHost(type(), sizes())) {
      writer.accept(staged.data());
      copyFrom(staged);
    }
  }

  /**
   * Tells tensors in the memory of a CUDA device from those in host memory.
   *
   * @return true on a CUDA device
   */
  public boolean isOnCuda() {
    return LibTorch.deviceKind(handle()) == TensorDevice.CUDA.kind();
  }

  /**
   * A copy in the memory of a CUDA device.
   *
   * @param device its index
   * @return a new tensor
   * @throws EngineException if libtorch has no such device
   */
  public Tensor copyToCuda(int device) {
    return LibTorch.tensor("copy_to", false, this, "cuda:" + device);
  }

  /**
   * The address of the first element, in the memory of the tensor's own device; for native code.
   * The tensor must be contiguous, and stay open while the address is used.
   *
   * @return the address
   */
  public long address() {
    requireContiguous();
    if (count() == 0) {
      return 0;
    }
    // A buffer holds 2 GiB at most: one over a single element is enough to find the address.
    Tensor first = this;
    for (int dimension = 0; dimension < sizes().length; dimension++) {
      Tensor narrowed = LibTorch.tensor("narrow", false, first, dimension, 0, 1);
      if (first != this) {
        first.close();
      }
      first = narrowed;
    }
    try {
      return Pointer.nativeValue(
          Native.getDirectBufferPointer(LibTorch.directBuffer(first.handle())));
    } finally {
      if (first != this) {
        first.close();
      }
    }
  }

  private void requireContiguous() {
    if (!LibTorch.isContiguous(handle())) {
      throw new IllegalStateException(
          "The data of a tensor that is not contiguous was asked for; copy it first");
    }
  }

  /**
   * The tensor's own memory, without a copy. The tensor must be contiguous, in host memory ({@link
   * #toHost}, {@link #fill}), at most 2 GiB, and stay open while the buffer is used: {@link #close}
   * frees the memory and empties the buffer, so that reading or writing it afterwards fails. Views
   * made of the buffer, such as {@link ByteBuffer#asFloatBuffer}, are not emptied: let go of them
   * before.
   *
   * @return a buffer in native byte order, with a position and limit of its own
   * @throws IllegalStateException if the tensor is closed, not contiguous or not in host memory
   */
  public ByteBuffer data() {
    requireContiguous();
    if (!isOnHost()) {
      throw new IllegalStateException(
          "The data of a tensor outside host memory was asked for; copy it to the host first");
    }
    if (count() == 0) {
      return ByteBuffer.allocateDirect(0).order(ByteOrder.nativeOrder());
    }
    return lent(LibTorch.directBuffer(handle()));
  }

  /**
   * Copies the elements as floats; any floating type, any layout.
   *
   * @return the elements in row-major order
   */
  public float[] toFloats() {
    return toFloats(new float[0]);
  }

  /**
   * Copies the elements as floats into an array that is used again and again.
   *
   * @param array takes the elements if it is as long as there are
   * @return the elements in row-major order, in the array or in a new one
   */
  public float[] toFloats(float[] array) {
    try (Tensor plain = LibTorch.tensor("contiguous_as", false, this, DType.F32)) {
      FloatBuffer buffer = plain.data().asFloatBuffer();
      float[] values = array.length == buffer.remaining() ? array : new float[buffer.remaining()];
      buffer.get(values);
      return values;
    }
  }

  /**
   * Copies the elements as longs; any integer type, any layout.
   *
   * @return the elements in row-major order
   */
  public long[] toLongs() {
    try (Tensor plain = LibTorch.tensor("contiguous_as", false, this, DType.I64)) {
      LongBuffer buffer = plain.data().asLongBuffer();
      long[] values = new long[buffer.remaining()];
      buffer.get(values);
      return values;
    }
  }

  /**
   * Reads the single element of a one-element tensor.
   *
   * @return its value
   */
  public double item() {
    return LibTorch.number("item", this);
  }

  /**
   * A view of consecutive entries of one dimension; it shares memory with this tensor.
   *
   * @param dimension the dimension
   * @param start first entry
   * @param length number of entries
   * @return the view
   */
  public Tensor narrow(int dimension, long start, long length) {
    return LibTorch.tensor("narrow", false, this, dimension, start, length);
  }

  /**
   * Views a contiguous tensor in other dimensions.
   *
   * @param to dimensions of the same number of elements
   * @return the view, sharing memory; owned by the open scope, else by the caller
   */
  public Tensor viewed(long... to) {
    return LibTorch.tensor("view", false, this, to);
  }

  /**
   * Views a matrix transposed.
   *
   * @return [columns, rows], sharing memory; owned by the open scope, else by the caller
   */
  public Tensor transposed() {
    return LibTorch.tensor("transpose", false, this);
  }

  /**
   * A copy in another element type.
   *
   * @param to the element type
   * @return a new tensor, contiguous, never sharing memory
   */
  public Tensor copyAs(DType to) {
    return LibTorch.tensor("copy_as", false, this, to);
  }

  /**
   * A copy with every element multiplied.
   *
   * @param factor the multiplier
   * @return a new tensor
   */
  public Tensor scaled(double factor) {
    return LibTorch.tensor("scaled", false, this, factor);
  }

  /**
   * Adds elementwise.
   *
   * @param other of this tensor's sizes and type
   * @return a new tensor
   */
  public Tensor plus(Tensor other) {
    return LibTorch.tensor("add", false, this, other);
  }

  /**
   * Multiplies elementwise.
   *
   * @param other of this tensor's type and of sizes that broadcast to its own
   * @return a new tensor
   */
  public Tensor timesElements(Tensor other) {
    return LibTorch.tensor("multiply", false, this, other);
  }

  /**
   * Views a vector as a matrix of one column.
   *
   * @return [count, 1], sharing memory
   */
  public Tensor asColumn() {
    return LibTorch.tensor("as_column", false, this);
  }

  /**
   * Multiplies matrices.
   *
   * @param right [columns, n], of this tensor's type
   * @return [rows, n]
   */
  public Tensor times(Tensor right) {
    return LibTorch.tensor("matmul", false, this, right);
  }

  /**
   * Joins tensors.
   *
   * @param parts of the same type, and of the same sizes but for one dimension
   * @param dimension that one
   * @return a new tensor
   */
  public static Tensor concatenated(List<Tensor> parts, int dimension) {
    return LibTorch.tensor("concatenate", false, parts, dimension);
  }

  /**
   * Overwrites this tensor with another's values, converting the type.
   *
   * @param source a tensor of a shape that broadcasts to this one's
   */
  public void copyFrom(Tensor source) {
    LibTorch.run("copy_into", this, source);
  }

  /**
   * Takes this tensor out of its scope: from now on the caller closes it.
   *
   * @return this tensor
   */
  public Tensor own() {
    scope = null;
    return this;
  }

  /**
   * Returns whether {@link #close} has been called.
   *
   * @return true once closed
   */
  public boolean isClosed() {
    return handle == 0;
  }

  /** Remembers a buffer for as long as somebody has it. */
  private synchronized ByteBuffer lent(ByteBuffer buffer) {
    if (lent == null) {
      lent = new ArrayList<>(1);
    } else if (lent.size() >= pruneAt) {
      lent.removeIf(one -> one.get() == null);
      pruneAt = Math.max(LEAST_PRUNED, 2 * lent.size());
    }
    lent.add(new WeakReference<>(buffer));
    return buffer;
  }

  private synchronized void takeBack() {
    if (lent == null) {
      return;
    }
    for (WeakReference<ByteBuffer> one : lent) {
      ByteBuffer buffer = one.get();
      if (buffer != null) {
        buffer.limit(0);
      }
    }
    lent = null;
  }

  @Override
  public void close() {
    if (handle != 0) {
      takeBack();
      LibTorch.deleteTensor(handle);
      handle = 0;
      scope = null;
      LIVE.decrementAndGet();
    }
  }

  /**
   * Counts the tensors open in this process; for leak tests.
   *
   * @return tensors made and not yet closed
   */
  public static long live() {
    return LIVE.get();
  }

  @Override
  public String toString() {
    return handle == 0 ? "Tensor(closed)" : "Tensor" + Arrays.toString(sizes());
  }
}
