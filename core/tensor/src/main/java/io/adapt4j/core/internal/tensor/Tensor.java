package io.adapt4j.core.internal.tensor;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * A libtorch tensor with exactly one owner.
 *
 * <p>Tensors are created on the device of the {@linkplain Engine#current current} engine; those for
 * transfers to and from it, and paged optimizer state, are always in host memory. The result of an
 * operator belongs to the engine of its arguments.
 *
 * <p>A tensor created while a {@link Scope} is open on its thread belongs to that scope and is
 * closed with it, unless it is moved ({@link Scope#keep}, {@link #own}); otherwise its creator
 * closes it. Closing twice has no effect; use after close throws {@link IllegalStateException}. Not
 * thread safe.
 */
public final class Tensor implements AutoCloseable {

  private static final Operator EMPTY = Operator.core("empty");
  private static final Operator ZEROS = Operator.core("zeros");
  private static final Operator RANDN = Operator.core("randn");
  private static final Operator COPY_TO = Operator.core("copy_to");
  private static final Operator DTYPE_OF = Operator.core("dtype_of");
  private static final Operator TO_HOST = Operator.core("to_host");
  private static final Operator COPY_BESIDE = Operator.core("copy_beside");
  private static final Operator NARROW = Operator.core("narrow");
  private static final Operator CONTIGUOUS_AS = Operator.core("contiguous_as");
  private static final Operator ITEM = Operator.core("item");
  private static final Operator VIEW = Operator.core("view");
  private static final Operator TRANSPOSE = Operator.core("transpose");
  private static final Operator COPY_AS = Operator.core("copy_as");
  private static final Operator SCALED = Operator.core("scaled");
  private static final Operator ADD = Operator.core("add");
  private static final Operator MULTIPLY = Operator.core("multiply");
  private static final Operator MATMUL = Operator.core("matmul");
  private static final Operator CONCATENATE = Operator.core("concatenate");
  private static final Operator COPY_INTO = Operator.core("copy_into");

  private static final AtomicLong LIVE = new AtomicLong();

  private final Engine engine;
  private long handle;

  /** Null until it is needed. */
  private TensorMemory memory;

  private long[] sizes;
  private DType type;

  /** The scope that closes this tensor, or null if its holder does. */
  private Scope scope;

  /** The memory to return on close, or null if libtorch frees its own. */
  TensorMemory.Lease lease;

  Tensor(Engine engine, long handle) {
    this.engine = engine;
    this.handle = handle;
    LIVE.incrementAndGet();
    Scope current = Scope.current();
    if (current != null) {
      current.adopt(this);
    }
  }

  /** Creates an uninitialized tensor. */
  public static Tensor empty(DType type, long... sizes) {
    return Engine.current().empty(type, sizes);
  }

  /** Creates an uninitialized tensor in host memory, whatever the device. */
  public static Tensor emptyOnHost(DType type, long... sizes) {
    return EMPTY.tensor(sizes, type).typedAs(type);
  }

  public static Tensor zeros(DType type, long... sizes) {
    return Engine.current().zeros(type, sizes);
  }

  /** Creates a tensor of zeros in host memory, whatever the device. */
  public static Tensor zerosOnHost(DType type, long... sizes) {
    return ZEROS.tensor(sizes, type).typedAs(type);
  }

  /**
   * Creates a tensor of standard normal values from libtorch's CPU generator ({@link Torch#seed}):
   * the same values on every device.
   */
  public static Tensor randn(DType type, long... sizes) {
    return RANDN.tensor(sizes, type).toDevice();
  }

  /**
   * Creates an I64 tensor from Java values.
   *
   * @param values the elements in row-major order
   */
  public static Tensor of(long[] values, long... sizes) {
    Tensor tensor = emptyOnHost(DType.I64, sizes);
    tensor.requireCount(values.length);
    tensor.data().asLongBuffer().put(values);
    return tensor.toDevice();
  }

  /** Creates an F32 tensor from Java values. */
  public static Tensor of(float[] values, long... sizes) {
    Tensor tensor = emptyOnHost(DType.F32, sizes);
    tensor.requireCount(values.length);
    tensor.data().asFloatBuffer().put(values);
    return tensor.toDevice();
  }

  /** Returns this new host tensor, or its copy on its engine's device. */
  private Tensor toDevice() {
    if (engine.isOnHost()) {
      return this;
    }
    try (this) {
      return COPY_TO.tensor(this, engine.device());
    }
  }

  private void requireCount(int values) {
    if (values != count()) {
      close();
      throw new IllegalArgumentException(
          values + " values do not fill a tensor of shape " + Arrays.toString(sizes()));
    }
  }

  /** {@return the engine of this tensor} */
  public Engine engine() {
    return engine;
  }

  long handle() {
    if (handle == 0) {
      throw new IllegalStateException("This tensor has been closed");
    }
    return handle;
  }

  public Scope scope() {
    return scope;
  }

  void scope(Scope owner) {
    scope = owner;
  }

  /** {@return the dimensions, empty for a scalar; not a copy, so do not modify it} */
  public long[] sizes() {
    if (sizes == null) {
      sizes = LibTorch.sizes(handle());
    }
    return sizes;
  }

  /** {@return the size of a dimension} */
  public long size(int dimension) {
    long[] all = sizes();
    return all[dimension < 0 ? all.length + dimension : dimension];
  }

  /** {@return the number of elements, the product of the dimensions} */
  public long count() {
    long count = 1;
    for (long size : sizes()) {
      count *= size;
    }
    return count;
  }

  /** {@return the element type} */
  public DType type() {
    if (type == null) {
      type = DType.ofCode(DTYPE_OF.integer(this));
    }
    return type;
  }

  /** Sets the element type to another tensor's, which saves a call to libtorch. */
  public Tensor typedAs(Tensor other) {
    return typedAs(other.type);
  }

  public Tensor typedAs(DType known) {
    type = known;
    return this;
  }

  /** {@return whether this tensor is in host memory} */
  public boolean isOnHost() {
    return LibTorch.deviceKind(handle()) == TensorDevice.HOST.kind();
  }

  /**
   * Returns the elements in host memory, for {@link #data}: this tensor if it is there, whatever
   * its layout; otherwise a contiguous copy, owned by the open scope or, without one, by the
   * caller.
   */
  public Tensor toHost() {
    return isOnHost() ? this : TO_HOST.tensor(this);
  }

  /** Returns a copy on another tensor's engine and device, even if that is this tensor's own. */
  public Tensor copyBeside(Tensor other) {
    return other.engine.tensor(COPY_BESIDE, this, other);
  }

  /**
   * Overwrites a contiguous tensor of at most 2 GiB from host memory: the writer gets the tensor's
   * own memory if that is in the host, otherwise a host tensor that is then copied.
   *
   * @param writer fills the whole buffer, which is in native byte order
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

  /** {@return whether this tensor is on a CUDA device} */
  public boolean isOnCuda() {
    return LibTorch.deviceKind(handle()) == TensorDevice.CUDA.kind();
  }

  /** Returns a copy on a CUDA device. */
  public Tensor copyToCuda(int device) {
    return COPY_TO.tensor(this, "cuda:" + device);
  }

  /**
   * Returns the device address of the first element, for native code. The tensor must be
   * contiguous, and stay open while the address is used.
   */
  public long address() {
    return memory().contiguousAddress();
  }

  /** {@return whether elements are contiguous in row-major order} */
  public boolean isContiguous() {
    return LibTorch.isContiguous(handle());
  }

  synchronized TensorMemory memory() {
    if (memory == null) {
      memory = new TensorMemory(this);
    }
    return memory;
  }

  /**
   * Returns the tensor's own memory, without a copy. The tensor must be contiguous, in host memory
   * ({@link #toHost}, {@link #fill}), at most 2 GiB, and stay open while the buffer is used: {@link
   * #close} frees the memory and empties the buffer, so that later reads or writes fail. Views of
   * the buffer, such as {@link ByteBuffer#asFloatBuffer}, are not emptied: drop them before
   * closing.
   *
   * @return a buffer in native byte order, with its own position and limit
   */
  public ByteBuffer data() {
    return memory().buffer();
  }

  /** {@return the elements as floats, in row-major order; any floating type, any layout} */
  public float[] toFloats() {
    return toFloats(new float[0]);
  }

  /**
   * Copies the elements as floats into an array that can be reused.
   *
   * @return the elements in row-major order, in the array or in a new one
   */
  public float[] toFloats(float[] array) {
    try (Tensor plain = CONTIGUOUS_AS.tensor(this, DType.F32)) {
      FloatBuffer buffer = plain.data().asFloatBuffer();
      float[] values = array.length == buffer.remaining() ? array : new float[buffer.remaining()];
      buffer.get(values);
      return values;
    }
  }

  /** {@return the elements as longs, in row-major order; any integer type, any layout} */
  public long[] toLongs() {
    try (Tensor plain = CONTIGUOUS_AS.tensor(this, DType.I64)) {
      LongBuffer buffer = plain.data().asLongBuffer();
      long[] values = new long[buffer.remaining()];
      buffer.get(values);
      return values;
    }
  }

  /** {@return the value of a tensor of one element} */
  public double item() {
    return ITEM.number(this);
  }

  /** Returns a view of consecutive entries of one dimension; it shares memory with this tensor. */
  public Tensor narrow(int dimension, long start, long length) {
    return NARROW.tensor(this, dimension, start, length);
  }

  /**
   * Views a contiguous tensor with other dimensions.
   *
   * @return the view, sharing memory; owned by the open scope or, without one, by the caller
   */
  public Tensor viewed(long... to) {
    return VIEW.tensor(this, to);
  }

  /**
   * {@return a transposed view of a matrix; owned by the open scope or, without one, by the caller}
   */
  public Tensor transposed() {
    return TRANSPOSE.tensor(this);
  }

  /** {@return a copy in another element type, contiguous, never sharing memory} */
  public Tensor copyAs(DType to) {
    return COPY_AS.tensor(this, to);
  }

  /** {@return a copy with every element multiplied by a factor} */
  public Tensor scaled(double factor) {
    return SCALED.tensor(this, factor);
  }

  /** {@return the elementwise sum} */
  public Tensor plus(Tensor other) {
    return ADD.tensor(this, other);
  }

  /** {@return the elementwise product} */
  public Tensor timesElements(Tensor other) {
    return MULTIPLY.tensor(this, other);
  }

  /**
   * {@return the matrix product [rows, n]}
   *
   * @param right [columns, n], of this tensor's type
   */
  public Tensor times(Tensor right) {
    return MATMUL.tensor(this, right);
  }

  public static Tensor concatenated(List<Tensor> parts, int dimension) {
    return CONCATENATE.tensor(parts, dimension);
  }

  /** Overwrites this tensor with another's values, converting the type. */
  public void copyFrom(Tensor source) {
    COPY_INTO.run(this, source);
  }

  /** {@return this tensor, removed from its scope: from now on the caller closes it} */
  public Tensor own() {
    scope = null;
    return this;
  }

  /** {@return whether {@link #close} has been called} */
  public boolean isClosed() {
    return handle == 0;
  }

  @Override
  public void close() {
    if (handle != 0) {
      if (memory != null) {
        memory.takeBack();
      }
      engine.closed(this);
      TensorMemory.close(handle, lease);
      handle = 0;
      scope = null;
      LIVE.decrementAndGet();
    }
  }

  /** {@return the number of open tensors in this process, of all engines; for leak tests} */
  public static long live() {
    return LIVE.get();
  }

  @Override
  public String toString() {
    return handle == 0 ? "Tensor(closed)" : "Tensor" + Arrays.toString(sizes());
  }
}
