package io.adapt4j.gguf.internal.load;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.internal.family.Families;
import io.adapt4j.gguf.internal.family.GgufFamily;
import io.adapt4j.gguf.internal.layout.LayerValues;
import io.adapt4j.gguf.internal.layout.Place;
import io.adapt4j.gguf.internal.metadata.RopeFields;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.DoubleStream;

/** Description of the model in a GGUF file. */
record GgufModel(
    GgufFamily family,
    ObjectNode config,
    Map<String, Place> places,
    Map<String, Float> values,
    Map<String, List<Long>> zeros) {

  /** Tensors whose content goes into the configuration. */
  private static final Set<String> IN_CONFIGURATION =
      Set.of(RopeFields.DIVISORS, RopeFields.SHORT_DIVISORS, RopeFields.LONG_DIVISORS);

  static GgufModel read(GgufFile file) {
    file.tensors().values().forEach(tensor -> requireValues(file.path(), tensor));
    GgufMetadata metadata = file.metadata();
    GgufFamily family = family(file.path(), metadata);
    RankHead.requireOutput(family, file);
    ObjectNode config =
        family.config(
            metadata,
            file.tensors().containsKey(GgufFamily.OUTPUT),
            vector(file, RopeFields.DIVISORS));
    addLongRope(file, config);
    addVocabulary(file, config);
    family.fit(file.tensors().keySet(), config);
    addTokens(metadata, config);
    ModelConfig model = ModelConfig.parse(file.path(), Json.compact(config));
    Map<String, Place> places = new LinkedHashMap<>();
    for (String name : file.tensors().keySet()) {
      Optional<Place> place =
          family.toStored(name, model).map(found -> family.inFile(found, metadata));
      if (family.isUnused(name, model)) {
        continue;
      }
      if (place.isPresent()) {
        places.put(name, place.get());
      } else if (!IN_CONFIGURATION.contains(name)) {
        throw CheckpointException.inTensor(
            file.path(),
            name,
            "a tensor of the architecture " + family.architecture(),
            "one that is not known",
            "The model has a part that is not supported; use another one.");
      }
    }
    return new GgufModel(
        family,
        config,
        places,
        values(file, family, config),
        family.zeroTensors(file.tensors().keySet(), model));
  }

  /** Rejects tensors without values: headers may declare them, but no model has them. */
  private static void requireValues(Path path, GgufTensor tensor) {
    if (tensor.shape().isEmpty() || tensor.shape().contains(0L)) {
      throw CheckpointException.inTensor(
          path,
          tensor.name(),
          "1 to 4 dimensions of at least 1",
          tensor.shape().toString(),
          "The file is damaged; fetch or write it again.");
    }
  }

  /** Returns the scalar tensors of layers that the file stores as keys. */
  private static Map<String, Float> values(GgufFile file, GgufFamily family, ObjectNode config) {
    Map<String, Float> values = new LinkedHashMap<>();
    int layers = config.path("num_hidden_layers").asInt();
    for (LayerValues key : family.layerValues()) {
      double[] all = numbers(file, key.key(), layers);
      for (int layer = 0; layer < layers; layer++) {
        float value = (float) all[layer];
        if (key.constant().isEmpty()) {
          values.put(key.name(layer), value);
        } else if (value != (float) key.constant().getAsDouble()) {
          throw CheckpointException.inField(
              file.path(),
              key.key(),
              String.valueOf(key.constant().getAsDouble()),
              String.valueOf(value),
              "A model with another number is not supported; use another one.");
        }
      }
    }
    return values;
  }

  private static double[] numbers(GgufFile file, String key, int layers) {
    double[] all =
        file.metadata()
            .numbers(key)
            .orElseGet(
                () ->
                    file.metadata().number(key).stream()
                        .flatMap(number -> DoubleStream.generate(() -> number).limit(layers))
                        .toArray());
    if (all.length != layers) {
      throw CheckpointException.inField(
          file.path(),
          key,
          "a number for each of " + layers + " layers",
          all.length + " of them",
          "Fetch the file again.");
    }
    return all;
  }

  private static GgufFamily family(Path path, GgufMetadata metadata) {
    String kind = metadata.string("general.type").orElse("model");
    if (!kind.equals("model")) {
      throw CheckpointException.inField(
          path,
          "general.type",
          "model",
          "'" + kind + "'",
          "Give the file of a whole model; an adapter goes beside the model it was trained on.");
    }
    return Families.of(metadata)
        .orElseThrow(
            () ->
                CheckpointException.inField(
                    path,
                    "general.architecture",
                    "an architecture that is supported",
                    "'" + metadata.string("general.architecture").orElse("") + "'",
                    "Use a model of another family, or its checkpoint if that is supported."));
  }

  private static void addLongRope(GgufFile file, ObjectNode config) {
    Optional<float[]> shortFactors = vector(file, RopeFields.SHORT_DIVISORS);
    Optional<float[]> longFactors = vector(file, RopeFields.LONG_DIVISORS);
    if (shortFactors.isEmpty() || longFactors.isEmpty()) {
      return;
    }
    ObjectNode scaling = config.withObject("rope_scaling");
    scaling.put("rope_type", "longrope");
    put(scaling, "short_factor", shortFactors.get());
    put(scaling, "long_factor", longFactors.get());
  }

  private static void put(ObjectNode target, String field, float[] values) {
    var array = target.putArray(field);
    for (float value : values) {
      array.add(value);
    }
  }

  private static void addVocabulary(GgufFile file, ObjectNode config) {
    GgufTensor embedding = file.tensors().get(GgufFamily.TOKEN_EMBEDDING);
    if (embedding != null && embedding.shape().size() == 2) {
      config.put("vocab_size", embedding.shape().get(1));
    }
  }

  private static void addTokens(GgufMetadata metadata, ObjectNode config) {
    for (String token : new String[] {"bos", "eos"}) {
      metadata
          .integer("tokenizer.ggml." + token + "_token_id")
          .ifPresent(id -> config.put(token + "_token_id", id));
    }
    metadata
        .integer("tokenizer.ggml.padding_token_id")
        .ifPresent(id -> config.put("pad_token_id", id));
  }

  private static Optional<float[]> vector(GgufFile file, String name) {
    GgufTensor tensor = file.tensors().get(name);
    if (tensor == null) {
      return Optional.empty();
    }
    if (tensor.shape().size() != 1 || tensor.elements() > 1 << 20) {
      throw CheckpointException.inTensor(
          file.path(), name, "a vector", "shape " + tensor.shape(), "Fetch the file again.");
    }
    return Optional.of(Dequantized.of(file, tensor));
  }
}
