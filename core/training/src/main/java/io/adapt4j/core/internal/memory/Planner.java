package io.adapt4j.core.internal.memory;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.family.StackedLayers;
import io.adapt4j.core.internal.nn.memory.ActivationMemory;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.internal.nn.weights.WeightMechanics;
import io.adapt4j.core.internal.nn.weights.WeightSizes;
import io.adapt4j.core.internal.plan.Forecast;
import io.adapt4j.core.internal.plan.FullComparison;
import io.adapt4j.core.internal.plan.MemoryEstimate;
import io.adapt4j.core.internal.plan.MemoryEstimate.Phase;
import io.adapt4j.core.internal.plan.MemoryItem;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.plan.Device;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Predicts the memory of training a declared network: no weights are needed, on disk or in memory.
 *
 * <pre>{@code
 * Planner planner = Planner.of(ModelConfig.read(folder), Lora.rank(16));
 * StepShape step = StepShape.of(4, 512, DType.BF16, Optimizer.adamW());
 * System.out.println(planner.forecast(step, Device.machine()).text());
 * }</pre>
 *
 * <p>Persistent tensors are counted exactly. Activations follow from the layers' structure and from
 * what each operator saves for backward. Process, allocator and libraries are estimated by the
 * constants of {@link FixedOverhead}.
 */
public final class Planner {

  private final Network network;
  private final TrainableSummary trainableSummary;
  private final WeightSizes packing;
  private final QuantizedLinears packed;
  private final PersistentMemory lasting;
  private final StepMemory step;

  private final AuxiliaryModels company;
  private final ActivationMemory activations;

  private Planner(
      Network network,
      TrainableSummary trainableSummary,
      WeightSizes packing,
      AuxiliaryModels company,
      ActivationMemory activations) {
    this.network = network;
    this.company = company;
    this.activations = activations;
    this.trainableSummary = trainableSummary;
    this.packing = packing;
    this.packed = QuantizedLinears.of(network, trainableSummary, packing);
    this.lasting = new PersistentMemory(network, trainableSummary, packed);
    this.step =
        new StepMemory(
            activations,
            company.encodedAtOnce() > 0 ? StepMemory.NO_HEAD : head(network),
            network.rotaryWidth(),
            network.windowMasks());
  }

  /** Plans the training of a network with the weight format of the method. */
  public static Planner of(Network declared, FineTuningMethod method) {
    MethodMechanics mechanics = Methods.of(method);
    Planner planner =
        of(
            declared,
            mechanics.trainableSummary(declared),
            WeightMechanics.of(mechanics.weightFormat()).packing());
    long copied = mechanics.copiedValues(declared);
    return copied == 0
        ? planner
        : planner.with(planner.company.and(MemoryNames.COPIES, type -> copied * type.bytes()));
  }

  /** Plans the training of a network. */
  public static Planner of(Network declared, TrainableSummary trainableSummary) {
    return of(declared, trainableSummary, WeightSizes.NONE);
  }

  /** Plans the training of a network with some quantized weights. */
  public static Planner of(
      Network declared, TrainableSummary trainableSummary, WeightSizes packing) {
    return measured(declared, trainableSummary, packing, AuxiliaryModels.NONE);
  }

  /** Plans the training of a model given by its configuration. */
  public static Planner of(ModelConfig config, FineTuningMethod method) {
    return of(
        Architectures.declare(StackedLayers.of(config, Methods.of(method).layerStack())), method);
  }

  /** Adds a second model in memory, frozen, in the compute type. */
  public Planner beside(String name, Network other) {
    return beside(name, other.parameterCount());
  }

  /** Adds values in the compute type. */
  public Planner beside(String name, long values) {
    return with(company.and(name, type -> values * type.bytes()));
  }

  /** Adds a frozen adapter in memory besides the one that trains. */
  public Planner besideAdapter(String name, Network declared, TrainableSummary adapter) {
    PersistentMemory own =
        new PersistentMemory(
            declared, adapter, QuantizedLinears.of(declared, adapter, WeightSizes.NONE));
    return with(company.and(name, own::adapterWithTensors));
  }

  /** Adds the generation of sequences between steps. */
  public Planner generating(int rows, int prompt, int newTokens) {
    return generating(rows, prompt, newTokens, false);
  }

  /** Adds the generation of sequences, between steps or during them. */
  public Planner generating(int rows, int prompt, int newTokens, boolean whileTraining) {
    return with(company.generating(rows, prompt, newTokens, whileTraining));
  }

  /**
   * Sets the length of the run, over which the Java heap grows as far as the JVM allows. Default: a
   * few steps, in which it does not grow.
   */
  public Planner lasting(long microBatches) {
    return lasting(microBatches, 0);
  }

  /**
   * Sets the length of a run with further forward passes besides training, such as for generation.
   */
  public Planner lasting(long microBatches, long forwards) {
    return with(company.lasting(microBatches, forwards));
  }

  /** Sets the number of distinct batch lengths. Default: all are as long as the longest. */
  public Planner ofLengths(long lengths) {
    return with(company.ofLengths(lengths));
  }

  /**
   * Plans for a loss over sequence embeddings that are encoded in groups, such as queries and
   * passages.
   */
  public Planner encoding(int rows) {
    return with(company.encoding(rows));
  }

  private Planner with(AuxiliaryModels changed) {
    return new Planner(network, trainableSummary, packing, changed, activations);
  }

  /** Returns a plan of the same models with other trainable parameters or quantization. */
  Planner with(TrainableSummary changed, WeightSizes packed) {
    return measured(network, changed, packed, company);
  }

  private static Planner measured(
      Network network,
      TrainableSummary trainableSummary,
      WeightSizes packing,
      AuxiliaryModels company) {
    return new Planner(
        network,
        trainableSummary,
        packing,
        company,
        new ActivationMemory(() -> declaredAgain(network), trainableSummary));
  }

  private static Network declaredAgain(Network network) {
    Network again = Architectures.declare(network.modelConfig());
    again.drop(network.dropout());
    return again;
  }

  private static StepMemory.Head head(Network network) {
    return network
        .vocabulary()
        .map(head -> head.weight().sizes())
        .map(sizes -> new StepMemory.Head(sizes[0], sizes[1]))
        .orElse(StepMemory.NO_HEAD);
  }

  Network network() {
    return network;
  }

  TrainableSummary trainableSummary() {
    return trainableSummary;
  }

  WeightSizes packing() {
    return packing;
  }

  /** Returns whether any weight is quantized. */
  boolean isPacked() {
    return !packed.isEmpty();
  }

  /** Predicts the memory of a run on the CPU. */
  public MemoryEstimate estimate(StepShape shape) {
    return estimate(shape, Device.Kind.CPU);
  }

  /** Predicts the memory of a run. */
  public MemoryEstimate estimate(StepShape shape, Device.Kind kind) {
    DType type = shape.type();
    boolean outside = kind == Device.Kind.GPU && shape.optimizer().isPaged();
    long state = lasting.optimizer(shape.optimizer());
    List<MemoryItem> items = new ArrayList<>();
    add(items, MemoryNames.PROCESS, FixedOverhead.process(kind) + kernels(shape, kind));
    add(items, MemoryNames.JAVA_HEAP, kind == Device.Kind.GPU ? 0 : javaHeap(shape));
    add(items, MemoryNames.WEIGHTS, lasting.weights(type));
    add(items, MemoryNames.PACKED_CODES, packed.bytes().codes() + headInFewerBits());
    add(items, MemoryNames.PACKED_SCALES, packed.bytes().scales());
    add(items, MemoryNames.PACKED_TABLES, packed.bytes().tables());
    add(items, MemoryNames.RESTORED, packed.restored(type));
    add(items, MemoryNames.ADAPTERS, lasting.adapters(type));
    add(items, MemoryNames.MASTERS, lasting.masters(type));
    add(items, MemoryNames.GRADIENTS, lasting.gradients());
    add(items, MemoryNames.GRADIENT_SUMS, shape.accumulation() > 1 ? lasting.gradientSums() : 0);
    add(items, MemoryNames.OPTIMIZER, outside ? 0 : state);
    company.lasting(type).forEach(memoryItem -> add(items, memoryItem.name(), memoryItem.bytes()));
    List<MemoryItem> host = new ArrayList<>();
    add(host, MemoryNames.OPTIMIZER, outside ? state : 0);
    List<Phase> phases = new ArrayList<>();
    company
        .generation()
        .ifPresent(
            generation -> phases.add(phase("generation", generating(shape, generation), kind)));
    phases.add(phase("validation", step.validation(passing(shape), targets(shape)), kind));
    List<MemoryItem> meanwhile =
        company
            .generation()
            .filter(AuxiliaryModels.Generation::whileTraining)
            .map(generation -> generating(shape, generation))
            .orElse(List.of());
    phases.add(phase("forward and backward", and(training(shape, kind), meanwhile), kind));
    phases.add(
        phase("optimizer step", and(optimizing(shape.optimizer(), outside), meanwhile), kind));
    phases.add(
        phase(
            "saving",
            List.of(new MemoryItem("pieces of tensors", FixedOverhead.SAVING_BYTES)),
            kind));
    long peak = new MemoryEstimate(items, phases, host).peakBytes();
    add(items, MemoryNames.RESERVE, FixedOverhead.reserve(kind, peak));
    return new MemoryEstimate(items, phases, host);
  }

  /**
   * Returns the bytes of the quantized copy of the output head, which is kept in addition to its
   * values.
   */
  private long headInFewerBits() {
    return network instanceof Decoder decoder ? decoder.headSlot().compactBytes() : 0;
  }

  /** Returns the shape of one forward pass. */
  private StepShape passing(StepShape shape) {
    int rows = company.encodedAtOnce();
    return rows == 0 ? shape : shape.sized(Math.min(rows, shape.rows()), shape.length());
  }

  private List<MemoryItem> training(StepShape shape, Device.Kind kind) {
    return step.training(
        shape,
        passing(shape),
        targets(shape),
        company.generation().isPresent(),
        FixedOverhead.gapsOfPass(kind, step.kept(shape)));
  }

  /** Returns the shape of the loss, which excludes the prompts of generated sequences. */
  private StepShape targets(StepShape shape) {
    return company
        .generation()
        .map(
            generation ->
                shape.sized(shape.rows(), Math.min(shape.length(), generation.newTokens())))
        .orElse(shape);
  }

  /** Returns the bytes of the Java heap, including the arrays for token sampling. */
  private long javaHeap(StepShape shape) {
    long arrays =
        company.generation().map(generation -> step.drawing(generation.rows())).orElse(0L);
    long layers = network.dimensions().layers();
    return JavaHeap.ofThisMachine()
        .resident(
            company.batches() * layers * (shape.recompute() ? 2 : 1),
            company.forwards() * layers,
            !trainableSummary.factors().isEmpty() && !trainableSummary.rescalings().isEmpty(),
            isPacked(),
            company.generation().isPresent(),
            arrays);
  }

  /** Returns the bytes of kernels cached per product shape, in bfloat16 on the CPU. */
  private long kernels(StepShape shape, Device.Kind kind) {
    if (kind == Device.Kind.GPU || shape.type() != DType.BF16) {
      return 0;
    }
    return FixedOverhead.kernels(
        new FixedOverhead.Products(
            !trainableSummary.factors().isEmpty(),
            company.lengths(),
            company.generation().map(generation -> generation.newTokens()).orElse(0),
            network.vocabulary().map(head -> head.softCap() > 0).orElse(false)));
  }

  /** Returns the key-value cache of all tokens and the memory of the prefill pass. */
  private List<MemoryItem> generating(StepShape shape, AuxiliaryModels.Generation generation) {
    List<MemoryItem> items = new ArrayList<>();
    long bytes =
        ((Decoder) network)
            .cacheBytes(
                generation.rows(), generation.prompt() + generation.newTokens() - 1, shape.type());
    items.add(new MemoryItem("keys and values", bytes));
    items.addAll(step.reading(shape.sized(generation.rows(), generation.prompt())));
    return items;
  }

  /**
   * Returns the memory of the optimizer step; paged state is brought in for one parameter at a
   * time.
   */
  private List<MemoryItem> optimizing(Optimizer optimizer, boolean outside) {
    List<MemoryItem> items = new ArrayList<>();
    items.add(new MemoryItem("values on the way", lasting.optimizerWork(optimizer)));
    add(items, "state of one value", outside ? lasting.largestState(optimizer) : 0);
    return items;
  }

  /**
   * Compares a run with full fine-tuning by AdamW in fp32, with the same batches on the same
   * device.
   */
  public FullComparison compared(StepShape shape, Device.Kind kind) {
    StepShape full =
        new StepShape(
            shape.rows(),
            shape.length(),
            shape.accumulation(),
            DType.F32,
            Optimizer.adamW(),
            shape.recompute());
    try (Network plain = Architectures.declare(network.modelConfig())) {
      return new FullComparison(
          measured(plain, TrainableSummary.everything(plain), WeightSizes.NONE, company)
              .estimate(full, kind)
              .peakBytes(),
          estimate(shape, kind).peakBytes());
    }
  }

  private static List<MemoryItem> and(List<MemoryItem> items, List<MemoryItem> others) {
    return Stream.concat(items.stream(), others.stream()).toList();
  }

  private static void add(List<MemoryItem> items, String name, long bytes) {
    if (bytes > 0) {
      items.add(new MemoryItem(name, bytes));
    }
  }

  /** Returns a phase, including allocator fragmentation on a GPU. */
  private static Phase phase(String name, List<MemoryItem> items, Device.Kind kind) {
    List<MemoryItem> all = new ArrayList<>(items);
    long bytes = items.stream().mapToLong(MemoryItem::bytes).sum();
    add(all, "gaps", FixedOverhead.gaps(kind, bytes));
    return new Phase(name, all);
  }

  /** Predicts the memory of a run, compares it with a device and suggests how to reduce it. */
  public Forecast forecast(StepShape shape, Device device) {
    return Advisor.forecast(this, shape, device);
  }
}
