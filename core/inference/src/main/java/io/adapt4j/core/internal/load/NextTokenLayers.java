package io.adapt4j.core.internal.load;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.StoredValues;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.next.NextTokenLayer;
import io.adapt4j.core.internal.nn.weights.StoredWeightFormat;
import io.adapt4j.core.internal.nn.weights.WeightMechanics;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** Loading of the layer that predicts the token after the next one, beside its model. */
public final class NextTokenLayers {

  private static final String REMEDY =
      " Use a folder that was published with them, or a smaller model as a draft.";

  private static final Set<StoredType> PLAIN =
      Set.of(StoredType.F32, StoredType.BF16, StoredType.F16);

  private NextTokenLayers() {}

  /** Loads the layer of a model from its folder. */
  public static NextTokenLayer load(LoadedModel model) {
    Decoder decoder = model.decoder();
    NextTokenLayer layer =
        Architectures.nextTokenLayer(decoder)
            .orElseThrow(() -> none(model.folder(), decoder.modelConfig()));
    Network network = layer.network();
    try (Checkpoint checkpoint = decoder.modelConfig().openWeights(model.folder());
        Scope scope = Scope.open(decoder.engine())) {
      layer.standOn(
          decoder,
          differs(network.embedding(), decoder.embedding(), network, decoder, checkpoint),
          differs(
              layer.network().head().weight(),
              decoder.head().weight(),
              network,
              decoder,
              checkpoint));
      requireStored(network, checkpoint, true);
      if (!isLeftPlain(model.folder(), network, checkpoint)) {
        WeightMechanics.of(model.weights()).install(network, checkpoint);
      }
      requireStored(network, checkpoint, false);
      Weights.checkTensors(network, checkpoint);
      network.allocate(decoder.type());
      Weights.load(network, checkpoint);
      return layer;
    } catch (RuntimeException | Error e) {
      layer.close();
      throw e;
    }
  }

  /** Returns whether the model's weights are stored quantized, but not those of the layer. */
  private static boolean isLeftPlain(Path folder, Network network, Checkpoint checkpoint) {
    StoredNames names = network.storedNames();
    Set<String> stored = checkpoint.names();
    return ConfigReader.read(folder.resolve(ModelConfig.FILE)).has(StoredWeightFormat.FIELD)
        && network.tensors().keySet().stream()
            .filter(name -> !network.newTensors().contains(name))
            .map(name -> names.find(name, stored))
            .allMatch(
                name -> stored.contains(name) && PLAIN.contains(checkpoint.entry(name).type()));
  }

  /** Returns whether a table is stored with other values than the model's. */
  private static boolean differs(
      Parameter own, Parameter shared, Network network, Network model, Checkpoint checkpoint) {
    String stored = stored(own, network, checkpoint);
    String original = stored(shared, model, checkpoint);
    Set<String> names = checkpoint.names();
    return names.contains(stored)
        && !(names.contains(original) && StoredValues.areEqual(checkpoint, stored, original));
  }

  private static String stored(Parameter table, Network network, Checkpoint checkpoint) {
    return network.storedNames().find(table.slices().get(0).name(), checkpoint.names());
  }

  /**
   * Rejects a checkpoint without the layer's tensors.
   *
   * @param isDeclared whether weights may be stored quantized, under other names than norms
   */
  private static void requireStored(Network network, Checkpoint checkpoint, boolean isDeclared) {
    StoredNames names = network.storedNames();
    Set<String> stored = checkpoint.names();
    List<String> missing =
        network.tensors().keySet().stream()
            .filter(name -> !network.newTensors().contains(name))
            .filter(name -> !stored.contains(names.find(name, stored)))
            .toList();
    boolean hasNorms = missing.stream().allMatch(name -> network.tensors().get(name).size() > 1);
    if (!missing.isEmpty() && !(isDeclared && hasNorms)) {
      throw new CheckpointException(
          checkpoint.folder()
              + ": expected the tensors of a layer that predicts further tokens, missing are "
              + String.join(", ", missing)
              + "."
              + REMEDY);
    }
  }

  private static CheckpointException none(Path folder, ModelConfig config) {
    return new CheckpointException(
        folder.resolve(ModelConfig.FILE)
            + ": expected a model with layers that predict further tokens (Qwen3-Next, Qwen 3.5, or"
            + " num_nextn_predict_layers of at least 1 of GLM-4.5 or DeepSeek V3), found "
            + config.modelType()
            + " without."
            + REMEDY);
  }
}
