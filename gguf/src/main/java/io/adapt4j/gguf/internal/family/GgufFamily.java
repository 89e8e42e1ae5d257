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
 * A model family in GGUF files. A class states its tables once: the names of tensors with their
 * layouts, and the metadata with the fields of {@code config.json} it stands for. Writing and
 * reading a file both follow them.
 */
public abstract class GgufFamily {

  /** The tensor of divisors for rotary frequencies. */
  public static final String ROPE_DIVISORS = "rope_freqs.weight";

  /** The key of the file's type. */
  public static final String FILE_TYPE = "general.file_type";

  /** The output matrix over the vocabulary; a file of a model with tied ones has none. */
  public static final String OUTPUT = "output.weight";

  /** The token embedding. */
  public static final String TOKEN_EMBEDDING = "token_embd.weight";

  /** {@return {@code general.architecture} of its files} */
  public abstract String architecture();

  /** {@return the {@code model_type} in {@code config.json}} */
  public abstract String modelType();

  /** {@return all values of {@code model_type} whose checkpoints it writes} */
  public Set<String> modelTypes() {
    return Set.of(modelType());
  }

  /** {@return the model class that Transformers has for it} */
  public abstract String modelClass();

  /** {@return whether output and embedding matrix are one where the configuration does not say} */
  public boolean tiedByDefault() {
    return false;
  }

  /** {@return whether a file must have the output matrix, even one that is the embedding} */
  public boolean requiresOutput() {
    return false;
  }

  /** Returns how the embedding is written as an output matrix that files must have. */
  public Layout tiedOutput(Facts facts) {
    return Layout.SAME;
  }

  /** {@return whether its models read whole texts, rather than continue them} */
  public boolean readsTexts() {
    return false;
  }

  /** Returns tensors of checkpoints that a file lacks because all their values are 0. */
  public Map<String, List<Long>> zeroTensors(Set<String> tensors, ModelConfig model) {
    return Map.of();
  }

  /** {@return whether files have Dense layers after pooling} */
  public boolean hasDense() {
    return false;
  }

  /**
   * Returns whether a model can be written only if all values of a tensor are 0, since files have
   * no place for it.
   */
  public boolean mustBeZero(String stored) {
    return false;
  }

  /** {@return whether the general part of the metadata states the file's type} */
  public boolean statesFileType() {
    return true;
  }

  /** The rows of the family's table, of a text model by itself. */
  abstract List<TensorName> names(ModelConfig model);

  /** Whether a model reads more than text, so that its text model is below another path. */
  boolean isWhole(ModelConfig model) {
    return false;
  }

  /** The part of a configuration that is about the text model. */
  final ModelConfig text(ModelConfig model) {
    return isWhole(model) ? model.text() : model;
  }

  private List<TensorName> rows(ModelConfig model) {
    List<TensorName> names = names(model);
    return isWhole(model) ? names.stream().map(TensorName::ofWhole).toList() : names;
  }

  /** {@return the tensors of one value a layer that are keys in files} */
  public List<LayerValues> layerValues() {
    return List.of();
  }

  /**
   * Returns tensors that files must have though nothing is computed with them, so that models are
   * without.
   */
  public Map<String, List<Long>> unreadTensors(ModelConfig model) {
    return Map.of();
  }

  abstract List<Field> fieldsBeforeFileType();

  abstract List<Field> fieldsAfterFileType();

  abstract Facts read(ModelConfig model);

  /** Reads what the file is to say of a model. */
  public final Facts facts(ModelConfig model, OptionalInt contextLength) {
    Facts facts = read(model);
    return new Facts(facts.model(), facts.decoder(), contextLength.orElse(facts.contextLength()));
  }

  /**
   * Refuses a model that llama.cpp would compute otherwise, as it has a setting fixed that the
   * configuration states differently.
   */
  public abstract void requireSupported(Facts facts);

  /**
   * Returns tensors that checkpoints do not have.
   *
   * @return vectors, in the order of the file
   */
  public List<ExtraTensor> extraTensors(Facts facts) {
    return List.of();
  }

  /** Returns keys that official files have before all others. */
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

  /** Finds a checkpoint's tensor in the GGUF file. */
  public final List<Place> toGguf(String stored, ModelConfig model) {
    return rows(model).stream().flatMap(row -> row.toGguf(stored).stream()).toList();
  }

  /** Finds a GGUF tensor in the checkpoint. */
  public final Optional<Place> toStored(String gguf, ModelConfig model) {
    return rows(model).stream().flatMap(row -> row.toStored(gguf).stream()).findFirst();
  }

  /** Returns how a file has a tensor where what its metadata says decides. */
  public Place inFile(Place place, GgufMetadata metadata) {
    return place;
  }

  /** Returns whether nothing is computed with a tensor, so that it is not read. */
  public boolean isUnused(String gguf, ModelConfig model) {
    return false;
  }

  /** Returns whether this class is the one for a checkpoint of its {@code model_type}. */
  public boolean accepts(ModelConfig model) {
    return true;
  }

  /** Returns whether this class is the one for a file of its architecture. */
  public boolean fits(GgufMetadata metadata) {
    return metadata.string("general.architecture").filter(architecture()::equals).isPresent();
  }

  /** Makes the {@code config.json} of a file, as far as the metadata says. */
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

  /** Sets what the divisors of rotary frequencies stand for. */
  void readDivisors(float[] divisors, long contextLength, ObjectNode config) {
    config.set("rope_scaling", RopeFields.scalingOf(divisors, contextLength));
  }

  /** Adds what follows from which tensors there are. */
  public void fit(Set<String> tensors, ObjectNode config) {}

  /** Adds what follows from several keys, or from none. */
  void complete(GgufMetadata metadata, ObjectNode config) {}
}
