package io.adapt4j.gguf.internal.write;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SplitTensors;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.adapter.LayerMerge;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.family.StackedLayers;
import io.adapt4j.core.internal.nn.head.OutputLayer;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.linear.QuantizedLinear;
import io.adapt4j.core.internal.nn.weights.NewParameters;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.gguf.internal.family.Families;
import io.adapt4j.gguf.internal.picture.StoredTower;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a model with an adapter merged, read a tensor at a time without loading the model.
 * Stored 4-bit weights are dequantized.
 */
public final class ModelWeights implements AutoCloseable {

  private static final String WEIGHT = ".weight";
  private static final String BIAS = ".bias";

  /** Tensors of image towers, whatever the family. */
  private static final String PICTURES =
      "(.*\\.)?(vision_tower|vision_model|vision_encoder|visual|embed_vision)\\..*";

  /** Location of a projection in the network. */
  private record Projection(LinearSlot slot, Linear.Part part, boolean transposed) {}

  private final Network network;
  private final Checkpoint checkpoint;
  private final Optional<StoredTower> tower;
  private final Optional<LayerMerge> merge;
  private final Map<String, LayerMerge.Stored> own;
  private final Map<String, Projection> projections = new HashMap<>();
  private final Map<String, List<Long>> shapes = new LinkedHashMap<>();

  private ModelWeights(
      Network network,
      Checkpoint checkpoint,
      Optional<LayerMerge> merge,
      Optional<StoredTower> tower) {
    this.network = network;
    this.tower = tower;
    this.checkpoint = checkpoint;
    this.merge = merge;
    this.own = merge.map(LayerMerge::own).orElse(Map.of());
    readStructure();
  }

  public static ModelWeights open(Path folder, Optional<AdapterMechanics> adapter) {
    StoredModel model = StoredModel.read(folder, WeightFormat.asStored());
    Optional<ModelConfig> adapted = adapter.flatMap(found -> found.modelConfig(model.config()));
    ModelConfig config =
        StackedLayers.of(
            adapted.orElse(model.config()), adapter.flatMap(AdapterMechanics::layerStack));
    Network network = declare(config);
    Checkpoint checkpoint = config.openWeights(folder);
    Optional<LayerMerge> merge = Optional.empty();
    Optional<StoredTower> tower = StoredTower.find(config, checkpoint);
    tower.ifPresent(network::join);
    try {
      if (adapted.isPresent()) {
        network.initializeNew(NewParameters.missing(network, checkpoint));
      }
      merge = adapter.map(found -> found.layerMerge(network));
      model.weights().install(network, checkpoint);
      Weights.check(network, checkpoint);
      return new ModelWeights(network, checkpoint, merge, tower);
    } catch (RuntimeException | Error e) {
      merge.ifPresent(LayerMerge::close);
      checkpoint.close();
      throw e;
    }
  }

  /**
   * Declares a decoder, an encoder-decoder model, or an encoder without its masked-language-model
   * head.
   */
  private static Network declare(ModelConfig config) {
    Families.requireKnownThere(config);
    if (Architectures.writesSequences(config)) {
      return Architectures.declareSequence(config);
    }
    if (!Families.readTexts(config)) {
      return Architectures.declareDecoder(config);
    }
    return Architectures.declareEncoder(
        OutputLayer.MASKED_TOKENS.isOf(config) || isPretraining(config)
            ? config.with(
                "architectures",
                JsonNodeFactory.instance.arrayNode().add(OutputLayer.family(config) + "Model"))
            : Architectures.embedding(config));
  }

  private static boolean isPretraining(ModelConfig config) {
    return config.architectures().stream().anyMatch(name -> name.endsWith("ForPreTraining"));
  }

  private void readStructure() {
    for (LinearSlot slot : network.linears()) {
      Linear linear = slot.linear();
      for (Linear.Part part : linear.parts()) {
        projections.put(part.path(), new Projection(slot, part, transposed(linear)));
      }
      if (linear instanceof QuantizedLinear packed) {
        for (Linear.Part part : packed.parts()) {
          String name = part.path() + WEIGHT;
          if (packed.packed().contains(name)) {
            shapes.put(name, List.of(part.width(), packed.inFeatures()));
          }
        }
      }
    }
    for (Parameter parameter : network.parameters()) {
      for (Parameter.Slice slice : parameter.slices()) {
        List<Long> shape = new ArrayList<>();
        for (long size : parameter.sizes()) {
          shape.add(size);
        }
        shape.set(0, slice.rows());
        shapes.put(slice.name(), List.copyOf(shape));
      }
    }
    for (LinearSlot slot : tower.map(StoredTower::linears).orElse(List.of())) {
      for (Linear.Part part : slot.parts()) {
        projections.put(part.path(), new Projection(slot, part, false));
      }
    }
    if (merge.filter(LayerMerge::untiesHead).isPresent()) {
      shapes.put(headName(), shapes.get(embeddingName()));
    }
  }

  private static boolean transposed(Linear linear) {
    return linear instanceof QuantizedLinear packed
        ? packed.isTransposed()
        : ((DenseLinear) linear).weight().slices().get(0).transposed();
  }

  /** {@return the configuration, as of a plain checkpoint} */
  public ModelConfig config() {
    return network.modelConfig();
  }

  /** {@return the checkpoint's name of the token embedding} */
  public String embeddingName() {
    return network.embedding().slices().get(0).name();
  }

  /** {@return the checkpoint's name of the output matrix, stored or not; empty if there is none} */
  public String headName() {
    if (network instanceof Decoder decoder) {
      return decoder.headName();
    }
    return Architectures.writesSequences(config()) ? "lm_head.weight" : "";
  }

  /** {@return the number of rows of the embedding} */
  public int vocabularySize() {
    return network.dimensions().vocabularySize();
  }

  /** {@return the width of the embedding} */
  int width() {
    return network.dimensions().hiddenSize();
  }

  /** {@return the tensors with their shapes in the model, matrices as [out, in]} */
  public Map<String, List<Long>> shapes() {
    return shapes;
  }

  /** {@return the image tower and projector; empty if there are none that files can hold} */
  public Optional<StoredTower> tower() {
    return tower;
  }

  /** Returns the shape of a stored tensor of the image tower or projector. */
  List<Long> towerShape(String name) {
    return checkpoint.entry(stored(name)).shape();
  }

  /** {@return whether the adapter changes the image tower or the projector} */
  public boolean changesTower() {
    return tower.isPresent()
        && merge.isPresent()
        && tower.get().names().keySet().stream()
            .anyMatch(
                name ->
                    own.containsKey(name)
                        || merge.get().changes(name.replaceFirst("\\.(weight|bias)$", "")));
  }

  /** {@return whether the checkpoint has tensors that compute something of pictures} */
  public boolean hasPictures() {
    return checkpoint.names().stream().anyMatch(name -> name.matches(PICTURES));
  }

  /** Returns a sort key that orders tensors as in the checkpoint's files. */
  public String position(String name) {
    String stored = stored(name);
    String file =
        checkpoint.names().contains(stored)
            ? String.valueOf(checkpoint.entry(stored).file().getFileName())
            : "";
    return file + "\0" + stored;
  }

  /** Returns the file that stores a weight in 4 bits, if no adapter changes the weight. */
  Optional<SplitTensors> fourBit(String name) {
    String path = name.substring(0, name.lastIndexOf('.'));
    String stored = stored(name);
    boolean changed =
        own.containsKey(name) || merge.filter(found -> found.changes(path)).isPresent();
    return changed || !checkpoint.names().contains(stored)
        ? Optional.empty()
        : checkpoint
            .file(stored, SplitTensors.class)
            .filter(file -> name.endsWith(WEIGHT) && file.isFourBit(stored));
  }

  /** Returns the checkpoint's name of a tensor. */
  String stored(String name) {
    String own = tower.map(parts -> parts.names().get(name)).orElse(null);
    return own != null ? own : network.storedNames().find(name, checkpoint.names());
  }

  /** Rejects a tensor with nonzero values. */
  void requireZero(String name) {
    Rows rows = rows(name);
    float[] values = new float[rows.columns()];
    for (long row = 0; row < rows.rows(); row++) {
      rows.read(row, 1, values, 0);
      for (float value : values) {
        if (value != 0) {
          throw new CheckpointException(
              "tensor '"
                  + name
                  + "': expected zeros, which is what llama.cpp computes with, found "
                  + value
                  + ". Run this model here.");
        }
      }
    }
  }

  /** Reads an unused tensor; zeros if the checkpoint lacks it. */
  Rows unread(String name, List<Long> shape) {
    String stored = stored(name);
    return checkpoint.names().contains(stored) && checkpoint.entry(stored).shape().equals(shape)
        ? new StoredRows(checkpoint, stored)
        : new ZeroRows(
            shape.size() == 1 ? 1 : shape.get(0), Math.toIntExact(shape.get(shape.size() - 1)));
  }

  /** Reads a scalar tensor. */
  public float value(String name, OptionalDouble absent) {
    if (absent.isPresent() && !shapes.containsKey(name)) {
      return (float) absent.getAsDouble();
    }
    float[] value = new float[1];
    rows(name).read(0, 1, value, 0);
    return value[0];
  }

  /** Reads a tensor, matrices as [out, in]. */
  Rows rows(String name) {
    boolean bias = name.endsWith(BIAS);
    String path = name.substring(0, name.lastIndexOf('.'));
    Projection projection = bias || name.endsWith(WEIGHT) ? projections.get(path) : null;
    if (projection != null && merge.isPresent() && merge.get().changes(path)) {
      return merged(projection, merge.get(), bias);
    }
    if (own.containsKey(name)) {
      LayerMerge.Stored values = own.get(name);
      return plain(values.file(), values.name(), projection, bias);
    }
    if (projection != null && isPacked(projection, name)) {
      try (Scope scope = Scope.open()) {
        return inMemory(restored(projection));
      }
    }
    return plain(checkpoint, stored(name), projection, bias);
  }

  private static Rows plain(
      Checkpoint file, String name, @Nullable Projection projection, boolean bias) {
    boolean transposed = projection != null && projection.transposed() && !bias;
    if (!transposed) {
      return new StoredRows(file, name);
    }
    long[] stored = file.entry(name).dimensions();
    try (Scope scope = Scope.open()) {
      Tensor weight = Tensor.emptyOnHost(DType.F32, stored[1], stored[0]);
      Weights.fill(weight, file, name, true);
      return inMemory(weight);
    }
  }

  private static boolean isPacked(Projection projection, String name) {
    return projection.slot().linear() instanceof QuantizedLinear packed
        && packed.packed().contains(name);
  }

  /** Returns the dequantized weight, for which its layer temporarily takes memory. */
  private Tensor restored(Projection projection) {
    QuantizedLinear packed = (QuantizedLinear) projection.slot().linear();
    packed.read(checkpoint);
    try {
      return packed.restored(projection.part(), DType.F32);
    } finally {
      packed.close();
    }
  }

  private static Rows inMemory(Tensor tensor) {
    long[] sizes = tensor.sizes();
    return new MemoryRows(tensor.toHost().toFloats(), Math.toIntExact(sizes[sizes.length - 1]));
  }

  /** {@return the adapter; empty if there is none} */
  public Optional<LayerMerge> merge() {
    return merge;
  }

  /** Returns the low-rank update of a projection. */
  public LayerMerge.Product product(String path) {
    Projection projection = projections.get(path);
    try (Scope scope = Scope.open();
        DenseLinear layer = filled(Objects.requireNonNull(projection))) {
      return merge.orElseThrow().product(layer);
    }
  }

  private DenseLinear filled(Projection projection) {
    Linear.Part part = projection.part();
    String weightName = part.path() + WEIGHT;
    String biasName = part.path() + BIAS;
    DenseLinear layer =
        DenseLinear.declare(
            projection.slot().linear().inFeatures(),
            shapes.containsKey(biasName)
                || tower.filter(parts -> parts.names().containsKey(biasName)).isPresent(),
            List.of(new Linear.Part(part.path(), 0, part.width())));
    layer.allocate(DType.F32);
    Tensor weight = layer.weight().value();
    if (isPacked(projection, weightName)) {
      weight.copyFrom(restored(projection));
    } else {
      Weights.fill(weight, checkpoint, stored(weightName), projection.transposed());
    }
    layer.bias().ifPresent(parameter -> fillBias(parameter.value(), biasName));
    return layer;
  }

  private Rows merged(Projection projection, LayerMerge adapter, boolean bias) {
    try (Scope scope = Scope.open();
        DenseLinear layer = filled(projection)) {
      adapter.merge(layer);
      return inMemory(bias ? layer.bias().orElseThrow().value() : layer.weight().value());
    }
  }

  private void fillBias(Tensor bias, String name) {
    if (own.containsKey(name)) {
      LayerMerge.Stored values = own.get(name);
      Weights.fill(bias, values.file(), values.name());
    } else {
      Weights.fill(bias, checkpoint, stored(name));
    }
  }

  @Override
  public void close() {
    merge.ifPresent(LayerMerge::close);
    checkpoint.close();
  }
}
