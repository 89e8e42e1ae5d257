package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A model family in GGUF files. Each subclass declares its mapping once: tensor names with their
 * layouts, and metadata keys with the fields of {@code config.json} they correspond to. Both
 * writing and reading follow it.
 */
public abstract class GgufFamily {

  /** The tensor of rotary frequency divisors. */
  public static final String ROPE_DIVISORS = "rope_freqs.weight";

  /** The key of the file's type. */
  public static final String FILE_TYPE = "general.file_type";

  /** The output matrix over the vocabulary; absent if it is tied to the embedding. */
  public static final String OUTPUT = "output.weight";

  /** The token embedding. */
  public static final String TOKEN_EMBEDDING = "token_embd.weight";

  /** {@return {@code general.architecture} of its files} */
  public abstract String architecture();

  /** {@return the {@code model_type} in {@code config.json}} */
  public abstract String modelType();

  /** {@return all values of {@code model_type} that can be exported} */
  public Set<String> modelTypes() {
    return Set.of(modelType());
  }

  /** {@return the model class in Transformers} */
  public abstract String modelClass();

  /** {@return whether output and embedding matrix are tied by default} */
  public boolean tiedByDefault() {
    return false;
  }

  /** {@return whether a file must have the output matrix, even if it is tied} */
  public boolean requiresOutput() {
    return false;
  }

  /** Returns the layout in which a tied embedding is written as the output matrix. */
  public Layout tiedOutput(Facts facts) {
    return Layout.SAME;
  }

  /** {@return whether its models are encoders rather than decoders} */
  public boolean readsTexts() {
    return false;
  }

  /** Returns checkpoint tensors that a file omits because all their values are 0. */
  public Map<String, List<Long>> zeroTensors(Set<String> tensors, ModelConfig model) {
    return Map.of();
  }

  /** {@return whether files have Dense layers after pooling} */
  public boolean hasDense() {
    return false;
  }

  /** Returns whether all values of a tensor must be 0 for an export, since files cannot hold it. */
  public boolean mustBeZero(String stored) {
    return false;
  }

  /** {@return whether the general part of the metadata states the file's type} */
  public boolean statesFileType() {
    return true;
  }

  /** Returns the tensor names of the bare text model. */
  abstract List<TensorName> names(ModelConfig model);

  /** Returns whether a model is multimodal, so that its text model is nested. */
  boolean isWhole(ModelConfig model) {
    return false;
  }

  /** Returns the text model's part of a configuration. */
  final ModelConfig text(ModelConfig model) {
    return isWhole(model) ? model.text() : model;
  }

  private List<TensorName> rows(ModelConfig model) {
    List<TensorName> names = names(model);
    return isWhole(model) ? names.stream().map(TensorName::ofWhole).toList() : names;
  }

  /** {@return the scalar tensors per layer that files store as keys} */
  public List<LayerValues> layerValues() {
    return List.of();
  }

  /** Returns unused tensors that files must have though models lack them. */
  public Map<String, List<Long>> unreadTensors(ModelConfig model) {
    return Map.of();
  }

  abstract List<Field> fieldsBeforeFileType();

  abstract List<Field> fieldsAfterFileType();

  abstract Facts read(ModelConfig model);

  /** Reads a model's configuration for export. */
  public final Facts facts(ModelConfig model, OptionalInt contextLength) {
    Facts facts = read(model);
    return new Facts(facts.model(), facts.decoder(), contextLength.orElse(facts.contextLength()));
  }

  /**
   * Rejects a model that llama.cpp would compute differently because it hardcodes a setting that
   * the configuration overrides.
   */
  public abstract void requireSupported(Facts facts);

  /**
   * Returns tensors to add that checkpoints do not have.
   *
   * @return vectors, in the order of the file
   */
  public List<ExtraTensor> extraTensors(Facts facts) {
    return List.of();
  }

  /** Writes the keys that come first in official files. */
  public void describeFirst(Facts facts, GgufMetadata.Builder target) {}

  /** Writes the family's keys. */
  public final void describe(Facts facts, OptionalInt fileType, GgufMetadata.Builder target) {
    String prefix = architecture() + ".";
    fieldsBeforeFileType().forEach(field -> field.writer().write(facts, prefix, target));
    if (statesFileType()) {
      fileType.ifPresent(number -> target.uint32(FILE_TYPE, number));
    }
    fieldsAfterFileType().forEach(field -> field.writer().write(facts, prefix, target));
  }

  /** Returns the GGUF tensors of a checkpoint's tensor. */
  public final List<Place> toGguf(String stored, ModelConfig model) {
    return rows(model).stream().flatMap(row -> row.toGguf(stored).stream()).toList();
  }

  /** Returns the checkpoint's tensor of a GGUF tensor. */
  public final Optional<Place> toStored(String gguf, ModelConfig model) {
    return rows(model).stream().flatMap(row -> row.toStored(gguf).stream()).findFirst();
  }

  /** Adjusts the layout of a tensor by the file's metadata. */
  public Place inFile(Place place, GgufMetadata metadata) {
    return place;
  }

  /** Returns whether a tensor is unused and need not be read. */
  public boolean isUnused(String gguf, ModelConfig model) {
    return false;
  }

  /** Returns whether this class handles a checkpoint of its {@code model_type}. */
  public boolean accepts(ModelConfig model) {
    return true;
  }

  /** Returns whether this class handles a file of its architecture. */
  public boolean fits(GgufMetadata metadata) {
    return metadata.string("general.architecture").filter(architecture()::equals).isPresent();
  }

  /** Builds the {@code config.json} of a file from its metadata. */
  public final ObjectNode config(
      GgufMetadata metadata, boolean hasOutput, Optional<float[]> ropeDivisors) {
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    config.putArray("architectures").add(modelClass());
    config.put("model_type", modelType());
    String prefix = architecture() + ".";
    fieldsBeforeFileType().forEach(field -> field.reader().read(metadata, prefix, config));
    fieldsAfterFileType().forEach(field -> field.reader().read(metadata, prefix, config));
    config.put("tie_word_embeddings", !hasOutput);
    ropeDivisors.ifPresent(
        divisors ->
            readDivisors(divisors, metadata.integer(prefix + "context_length").orElse(0), config));
    complete(metadata, config);
    return config;
  }

  /** Sets the RoPE scaling that the frequency divisors encode. */
  void readDivisors(float[] divisors, long contextLength, ObjectNode config) {
    config.set("rope_scaling", RopeFields.scalingOf(divisors, contextLength));
  }

  /** Adds fields implied by the presence of tensors. */
  public void fit(Set<String> tensors, ObjectNode config) {}

  /** Adds fields derived from several keys, or from none. */
  void complete(GgufMetadata metadata, ObjectNode config) {}
}
