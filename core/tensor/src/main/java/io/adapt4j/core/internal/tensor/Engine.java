package io.adapt4j.core.internal.tensor;

import io.adapt4j.core.exception.EngineException;
import io.adapt4j.core.internal.tensor.host.CudaCard;
import io.adapt4j.core.internal.tensor.host.Processor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Runs operators on one device.
 *
 * <p>Every tensor knows its engine, and operators run on the engine of their tensors. New tensors
 * belong to the {@linkplain #current current} engine: that of the innermost open {@link Scope} or,
 * without one, the process's, which {@value #PROPERTY} selects. Two engines, such as one on the CPU
 * and one on a CUDA device, can thus be used side by side.
 *
 * <p>libtorch itself exists once per process, including its thread count, its random generator and
 * the host allocator: those are in {@link Torch}, for all engines together.
 */
public final class Engine {

  /** System property with the device of the process: {@code cpu} or {@code cuda}. */
  public static final String PROPERTY = "adapt4j.device";

  private static final Operator EMPTY = Operator.core("empty");
  private static final Operator EMPTY_ON = Operator.core("empty_on");
  private static final Operator ZEROS = Operator.core("zeros");
  private static final Operator ZEROS_ON = Operator.core("zeros_on");

  /** Observes the tensors that an engine's operators create, and their closing. */
  interface Counter {
    void ran(Operator operator, Object[] arguments, Tensor... made);

    void closed(Tensor tensor);
  }

  /** Compiled libraries, shared by all engines that use the sources unchanged. */
  private static final Map<OperatorLibrary, Long> COMPILED = new ConcurrentHashMap<>();

  private static volatile Engine processDefault;

  private final TensorDevice device;
  private final UnaryOperator<String> rewriting;
  private volatile OperatorObserver observer;
  private final Map<OperatorLibrary, Long> modules;

  /** Observer of all tensors, or null. */
  private final Counter counter;

  /** Creates an engine without loading anything yet. */
  public Engine(TensorDevice device, UnaryOperator<String> rewriting) {
    this(device, rewriting, new ConcurrentHashMap<>(), null);
  }

  private Engine(
      TensorDevice device,
      UnaryOperator<String> rewriting,
      Map<OperatorLibrary, Long> modules,
      Counter counter) {
    this.device = device;
    this.rewriting = rewriting;
    this.modules = modules;
    this.counter = counter;
  }

  /** Creates an engine that computes shapes only and counts its tensors. */
  static Engine metered(Counter counter) {
    return new Engine(TensorDevice.META, UnaryOperator.identity(), COMPILED, counter);
  }

  public static Engine on(String device) {
    Engine engine =
        new Engine(TensorDevice.named(device), UnaryOperator.identity(), COMPILED, null);
    engine.requireDevice();
    return engine;
  }

  /** Returns the engine for new tensors on this thread. */
  public static Engine current() {
    Scope scope = Scope.current();
    return scope == null ? ofProcess() : scope.engine();
  }

  /** Returns the engine used outside of scopes. */
  public static Engine ofProcess() {
    Engine chosen = processDefault;
    return chosen == null ? choose() : chosen;
  }

  private static synchronized Engine choose() {
    if (processDefault == null) {
      processDefault = on(System.getProperty(PROPERTY, "cpu"));
    }
    return processDefault;
  }

  /** Replaces the engine of the process, for tests; returns the previous one. */
  static synchronized Engine setDefault(Engine engine) {
    Engine before = ofProcess();
    processDefault = engine;
    return before;
  }

  /** Returns the engine of the first tensor among the arguments, or the current one. */
  static Engine of(Object... arguments) {
    for (Object argument : arguments) {
      if (argument instanceof Tensor tensor) {
        return tensor.engine();
      }
      if (argument instanceof List<?> list
          && !list.isEmpty()
          && list.get(0) instanceof Tensor tensor) {
        return tensor.engine();
      }
      if (argument instanceof Tensor[] tensors && tensors.length > 0) {
        return tensors[0].engine();
      }
    }
    return current();
  }

  private void requireDevice() {
    if (device.isHost()) {
      return;
    }
    try {
      empty(DType.U8, 1).close();
    } catch (EngineException e) {
      throw TensorDevice.absent(e);
    }
  }

  /** Returns the device of this engine's tensors. */
  public String device() {
    return device.name();
  }

  /**
   * Returns whether this device multiplies bfloat16 natively. Without that it saves memory but no
   * time.
   */
  public boolean multipliesBf16() {
    return multipliesBf16(device, card());
  }

  public static boolean multipliesBf16(TensorDevice device, Optional<CudaCard> card) {
    if (device.kind() == TensorDevice.CUDA.kind()) {
      return card.map(CudaCard::multipliesBf16).orElse(false);
    }
    return !device.isHost() || Processor.hasBf16();
  }

  /** {@return the CUDA device of the tensors; empty for other devices, and if it is unknown} */
  public Optional<CudaCard> card() {
    return isOnCuda() ? CudaCard.first() : Optional.empty();
  }

  /** Returns whether this engine's tensors are on a CUDA device. */
  public boolean isOnCuda() {
    return device.kind() == TensorDevice.CUDA.kind();
  }

  /** Returns whether this engine computes only shapes. */
  public boolean isOnShapes() {
    return device.kind() == TensorDevice.META.kind();
  }

  /** Returns whether this engine's tensors are in host memory. */
  public boolean isOnHost() {
    return device.isHost();
  }

  /**
   * Returns whether this engine computes only shapes and counts the memory its tensors would take.
   */
  public boolean isMetered() {
    return counter != null;
  }

  /** Source of host memory that reuses closed tensors. */
  interface Reuse {

    /** Returns an uninitialized tensor, or null to allocate one with the C library. */
    Tensor take(Engine engine, DType type, long[] sizes);

    /** Records which results of an operator share memory with its arguments. */
    void share(Object[] arguments, Tensor... results);
  }

  private static volatile Reuse reuse;

  /** Sets the memory source for the tensors of all engines. */
  static void reuse(Reuse source) {
    reuse = source;
  }

  /** Creates an uninitialized tensor on the device. */
  public Tensor empty(DType type, long... sizes) {
    Reuse source = reuse;
    Tensor taken = source != null && device.isHost() ? source.take(this, type, sizes) : null;
    return taken == null ? make(EMPTY, EMPTY_ON, type, sizes) : taken.typedAs(type);
  }

  /** Runs an operator and returns the handle of its result, without an owner. */
  long handle(Operator operator, Object... arguments) {
    return observed(operator, () -> LibTorch.tensor(module(operator), operator.name(), arguments));
  }

  public Tensor zeros(DType type, long... sizes) {
    return make(ZEROS, ZEROS_ON, type, sizes);
  }

  private Tensor make(Operator onHost, Operator elsewhere, DType type, long[] sizes) {
    Tensor made =
        device.isHost()
            ? tensor(onHost, sizes, type)
            : tensor(elsewhere, sizes, type, device.name());
    return made.typedAs(type);
  }

  /**
   * Sets an observer for every operator run on this engine.
   *
   * @param told called on the thread that runs the operator; null for none
   */
  public void observe(OperatorObserver told) {
    observer = told;
  }

  /** Runs a replacement of an operator and notifies the observer. */
  <T> T observed(Operator operator, Supplier<T> run) {
    OperatorObserver told = observer;
    if (told == null) {
      return run.get();
    }
    long begun = System.nanoTime();
    T result = run.get();
    told.ran(operator, System.nanoTime() - begun);
    return result;
  }

  /** Runs a kernel in place of an operator, unless only shapes are computed. */
  public void runs(Operator operator, Runnable kernel) {
    if (isOnShapes()) {
      return;
    }
    observed(
        operator,
        () -> {
          kernel.run();
          return null;
        });
  }

  Tensor tensor(Operator operator, Object... arguments) {
    Tensor made = new Tensor(this, handle(operator, arguments));
    made(operator, arguments, made);
    return made;
  }

  Tensor[] tensors(Operator operator, Object... arguments) {
    long[] handles =
        observed(operator, () -> LibTorch.tensors(module(operator), operator.name(), arguments));
    Tensor[] tensors = new Tensor[handles.length];
    for (int i = 0; i < handles.length; i++) {
      tensors[i] = new Tensor(this, handles[i]);
    }
    made(operator, arguments, tensors);
    return tensors;
  }

  private void made(Operator operator, Object[] arguments, Tensor... made) {
    if (counter != null) {
      counter.ran(operator, arguments, made);
    }
    Reuse source = reuse;
    if (source != null) {
      source.share(arguments, made);
    }
  }

  void closed(Tensor tensor) {
    if (counter != null) {
      counter.closed(tensor);
    }
  }

  double number(Operator operator, Object... arguments) {
    return observed(operator, () -> LibTorch.number(module(operator), operator.name(), arguments));
  }

  long integer(Operator operator, Object... arguments) {
    return observed(operator, () -> LibTorch.integer(module(operator), operator.name(), arguments));
  }

  void run(Operator operator, Object... arguments) {
    observed(
        operator,
        () -> {
          LibTorch.run(module(operator), operator.name(), arguments);
          return null;
        });
    made(operator, arguments);
  }

  /** Returns the compiled library of an operator, which stays in memory. */
  private long module(Operator operator) {
    Long module = modules.get(operator.library());
    return module == null ? load(operator.library()) : module;
  }

  private long load(OperatorLibrary wanted) {
    return modules.computeIfAbsent(
        wanted, library -> LibTorch.load(ScriptArchive.build(rewriting.apply(library.sources()))));
  }

  @Override
  public String toString() {
    return "Engine(" + device.name() + ")";
  }
}
