package io.adapt4j.core.internal.nn.memory;

import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.SequenceInputs;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.sequence.SequenceSource;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.MemoryMeter;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss;
import io.adapt4j.core.internal.tensor.op.DropoutRates;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Tape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/**
 * Activation memory of a network: the bytes its passes save for backward and allocate temporarily.
 * The same network, with the same adapters, runs forward and backward on shapes only, and a {@link
 * MemoryMeter} counts its tensors. Layers of the same shape run once.
 */
public final class ActivationMemory {

  /** Shape of a batch. */
  public record Batch(int rows, int length, DType type, boolean recompute) {}

  /** Bytes of one layer. */
  public record OfLayer(long kept, long forward, long backward, long inference) {}

  /** Bytes of a pass. */
  public record OfPass(List<OfLayer> layers, long outside) {

    /** Copies the list. */
    public OfPass {
      layers = List.copyOf(layers);
    }

    /** {@return the bytes that layers save for backward} */
    public long kept() {
      return layers.stream().mapToLong(OfLayer::kept).sum();
    }
  }

  /** Bytes of the loss over the vocabulary, including the hidden states of the targets. */
  public record OfLoss(long training, long evaluation, long scoring) {}

  /** A number of targets in a compute type. */
  private record Targets(long count, DType type) {}

  /** Result of a layer's run, and whether its output depends on anything trained. */
  private record Run(OfLayer memory, boolean differentiated) {}

  private final Supplier<Network> declared;
  private final TrainableSummary trainable;
  private final Map<Batch, OfPass> passes = new HashMap<>();
  private final Map<Targets, OfLoss> losses = new HashMap<>();

  /** Prepares to measure a network. */
  public ActivationMemory(Supplier<Network> declared, TrainableSummary trainable) {
    this.declared = declared;
    this.trainable = trainable;
  }

  public synchronized OfPass of(Batch batch) {
    return passes.computeIfAbsent(batch, shape -> new Pass(shape).measure());
  }

  /** Measures the loss over the vocabulary. */
  public synchronized OfLoss loss(long targets, DType type) {
    return losses.computeIfAbsent(new Targets(targets, type), this::measure);
  }

  private OfLoss measure(Targets targets) {
    MemoryMeter meter = new MemoryMeter();
    try (Scope scope = Scope.open(meter.engine());
        Network network = declared.get()) {
      if (network.vocabulary().isEmpty()) {
        return new OfLoss(0, 0, 0);
      }
      VocabularyHead head = network.vocabulary().get();
      head.weight().allocate(targets.type());
      if (head.bias() != null) {
        head.bias().allocate(targets.type());
      }
      if (trainable.trainsHead(head.weight())) {
        head.weight().train();
      }
      Tensor ids = Tensor.zeros(DType.I64, targets.count());
      long before = meter.bytes();
      Tensor states = Tensor.zeros(targets.type(), targets.count(), head.weight().sizes()[1]);
      ToLongFunction<Runnable> height =
          work -> {
            meter.restart();
            try (Scope inside = Scope.open()) {
              work.run();
            }
            return meter.peak() - before;
          };
      return new OfLoss(
          height.applyAsLong(() -> VocabularyLoss.forwardBackward(states, head, ids, 1)),
          height.applyAsLong(() -> VocabularyLoss.evaluate(states, head, ids)),
          height.applyAsLong(() -> VocabularyLoss.choices(states, head, ids)));
    }
  }

  /** One pass on shapes. */
  private final class Pass {
    private final Batch batch;
    private final MemoryMeter meter = new MemoryMeter();
    private final Map<Object, Run> runs = new HashMap<>();
    private final Set<Object> prepared = Collections.newSetFromMap(new IdentityHashMap<>());
    private final IdentityHashMap<Layer, Integer> slots = new IdentityHashMap<>();
    private long hidden;

    /** Width of the next layer's input. */
    private long width;

    private DropoutRates dropout;

    Pass(Batch batch) {
      this.batch = batch;
    }

    OfPass measure() {
      try (Scope scope = Scope.open(meter.engine());
          Network network = declared.get()) {
        hidden = network.dimensions().hiddenSize();
        dropout = network.dropout();
        if (network instanceof EncoderDecoder both) {
          return new OfPass(List.of(whole(both)), 0);
        }
        Transformer body = network.body();
        Positions positions = body.placement().shaped(batch.rows(), batch.length(), batch.type());
        try (positions;
            Tape tape = new Tape()) {
          Ops ops = Ops.recording(tape, 1).dropping(dropout);
          prepare(body.embeddings().parameters());
          prepare(body.norm().parameters());
          body.projection().ifPresent(last -> prepare(last.linear().parameters()));
          body.inputs().ifPresent(besides -> prepare(besides.parameters()));
          body.streams().ifPresent(several -> prepare(several.parameters()));
          Tensor ids = Tensor.zeros(DType.I64, batch.rows(), batch.length());
          long before = meter.bytes();
          Tensor x = body.begin(ops, ids, ids, positions);
          hidden = x.size(-1);
          boolean differentiated = ops.isDifferentiated(x);
          body.end(ops, x);
          body.sources().forEach(source -> positions.inputOf(source, x));
          long outside = meter.bytes() - before;
          List<OfLayer> layers = new ArrayList<>();
          int slot = 0;
          for (int i = 0; i < body.layers().size(); i++) {
            Layer layer = body.layers().get(i);
            int own = slots.getOrDefault(layer, slot);
            width = i > 0 && body.layers().get(i - 1).isUnfinished() ? 2 * hidden : hidden;
            Run run = run(layer, i, own, differentiated, positions);
            layers.add(run.memory());
            differentiated = run.differentiated();
            slot += slots.putIfAbsent(layer, own) == null ? layer.linears().size() : 0;
          }
          return new OfPass(layers, outside);
        }
      }
    }

    /** Measures both sides together: every decoder layer reads the encoder's states. */
    private OfLayer whole(EncoderDecoder network) {
      network.allocate(batch.type());
      network.parameters().forEach(parameter -> parameter.trainOnly(trainable.trained()));
      List<LinearSlot> linears = network.linears();
      for (int i = 0; i < linears.size(); i++) {
        int at = i;
        linears.get(i).replace(linear -> trainable.adapted(linear, at, batch.type()));
      }
      long[] ids = new long[batch.rows() * batch.length()];
      SequenceInputs inputs = new SequenceInputs(ids, ids, ids, batch.rows(), batch.length());
      long before = meter.bytes();
      meter.restart();
      try (Scope scope = Scope.open()) {
        pass(network, Ops.inference(), inputs);
      }
      long inference = meter.peak() - before;
      meter.restart();
      try (Scope scope = Scope.open();
          Tape tape = new Tape()) {
        Ops ops = Ops.recording(tape, 1);
        Tensor y = pass(network, ops, inputs);
        long most = meter.peak() - before;
        if (!ops.isDifferentiated(y)) {
          return new OfLayer(0, most, 0, inference);
        }
        long kept = meter.bytes() - before;
        meter.restart();
        tape.backward(y, Tensor.zeros(batch.type(), y.sizes()), y);
        return new OfLayer(kept, most - kept, meter.peak() - before - kept, inference);
      }
    }

    private Tensor pass(EncoderDecoder network, Ops ops, SequenceInputs inputs) {
      SequenceSource source = source(network, ops, inputs);
      Tensor targets = inputs.targetInputs(network.specialTokens());
      return network.write(ops, source, targets, batch.recompute(), null);
    }

    private SequenceSource source(EncoderDecoder network, Ops ops, SequenceInputs inputs) {
      if (!network.readsFeatures()) {
        return network.read(ops, inputs, batch.recompute(), null);
      }
      // A recording fills all positions of the encoder, however short it is.
      int length = network.encoder().positions().limit();
      Tensor features =
          Tensor.zeros(batch.type(), batch.rows(), network.frames(), network.featureWidth());
      return network.read(ops, features, length, batch.recompute(), null);
    }

    private Run run(Layer layer, int index, int slot, boolean differentiated, Positions positions) {
      Object kind = List.of(shape(layer, slot), differentiated);
      Run known = runs.get(kind);
      if (known == null) {
        known = run(layer, index, differentiated, positions, slot);
        runs.put(kind, known);
      }
      return known;
    }

    private Run run(Layer layer, int index, boolean differentiated, Positions positions, int slot) {
      if (prepared.add(layer)) {
        prepare(layer.parameters());
      }
      List<LinearSlot> linears = layer.linears();
      for (int i = 0; i < linears.size(); i++) {
        int at = slot + i;
        if (prepared.add(linears.get(i))) {
          linears.get(i).replace(linear -> trainable.adapted(linear, at, batch.type()));
        }
      }
      long inference = inference(layer, index, positions);
      positions.choices().forget(index);
      try (Scope scope = Scope.open();
          Tape tape = new Tape()) {
        Tensor x = states();
        if (differentiated) {
          tape.track(x);
        }
        Ops ops = Ops.recording(tape, 1).dropping(dropout);
        long before = meter.bytes();
        meter.restart();
        Tensor y =
            ops.checkpoint(
                x,
                Transformer.besides(layer, positions),
                batch.recompute(),
                (inner, in) -> layer.forward(inner.inLayer(index), in, positions, index));
        long most = meter.peak() - before;
        if (!ops.isDifferentiated(y)) {
          return new Run(new OfLayer(0, most, 0, inference), false);
        }
        long kept = meter.bytes() - before;
        meter.restart();
        tape.backward(y, Tensor.zeros(batch.type(), y.sizes()), x);
        long backward = meter.peak() - before - kept;
        return new Run(new OfLayer(kept, most - kept, backward, inference), true);
      }
    }

    private long inference(Layer layer, int index, Positions positions) {
      try (Scope scope = Scope.open()) {
        long before = meter.bytes();
        Tensor x = states();
        meter.restart();
        Ops.inference()
            .checkpoint(x, false, (inner, in) -> layer.forward(inner, in, positions, index));
        return meter.peak() - before;
      }
    }

    private Tensor states() {
      return Tensor.zeros(batch.type(), batch.rows(), batch.length(), width);
    }

    private void prepare(List<Parameter> parameters) {
      for (Parameter parameter : parameters) {
        if (prepared.add(parameter)) {
          parameter.allocate(batch.type());
          parameter.trainOnly(trainable.trained());
        }
      }
    }

    /** Returns a key that is equal for layers with the same memory use. */
    private Object shape(Layer layer, int slot) {
      List<Object> shape = new ArrayList<>();
      shape.add(layer.getClass());
      shape.add(layer.mlp().getClass());
      shape.add(layer.mixer().kind());
      for (Parameter parameter : layer.parameters()) {
        List<Object> sizes = new ArrayList<>();
        for (long size : parameter.sizes()) {
          sizes.add(size);
        }
        sizes.add(trainable.trains(parameter));
        shape.add(sizes);
      }
      for (int i = 0; i < layer.linears().size(); i++) {
        shape.add(trainable.beside(slot + i));
      }
      return shape;
    }
  }
}
