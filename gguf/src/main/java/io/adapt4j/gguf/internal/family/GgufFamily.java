package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.layout.ExtraTensor;
import io.adapt4j.gguf.internal.layout.LayerValues;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.Place;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.TokenizerStyle;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A model family in GGUF files: tensor names with their layouts, metadata keys with the fields of
 * {@code config.json} they correspond to, and settings that llama.cpp hardcodes. Writing and
 * reading follow the same declaration.
 */
public final class GgufFamily {

  /** The key of the file's type. */
  public static final String FILE_TYPE = "general.file_type";

  /** The output matrix over the vocabulary; absent if it is tied to the embedding. */
  public static final String OUTPUT = "output.weight";

  public static final String TOKEN_EMBEDDING = "token_embd.weight";

  private final FamilyDeclaration<?> declared;

  GgufFamily(FamilyDeclaration<?> declared) {
    declared.finish();
    this.declared = declared;
  }

  /** {@return {@code general.architecture} of its files} */
  public String architecture() {
    return declared.architecture;
  }

  /** {@return the {@code model_type} in {@code config.json}} */
  public String modelType() {
    return declared.modelType;
  }

  /** {@return all values of {@code model_type} that can be exported} */
  public Set<String> modelTypes() {
    return declared.modelTypes;
  }

  /** {@return the model class in Transformers} */
  public String modelClass() {
    return declared.modelClass;
  }

  /** {@return whether a file must have the output matrix, even if it is tied} */
  public boolean requiresOutput() {
    return declared.requiresOutput;
  }

  /** Returns the layout in which a tied embedding is written as the output matrix. */
  public Layout tiedOutput(Facts facts) {
    return declared.tiedOutput.apply(facts);
  }

  /** {@return whether its models are encoders rather than decoders} */
  public boolean readsTexts() {
    return declared.traits.contains(FamilyDeclaration.Trait.READS_TEXTS);
  }

  /** {@return the conventions for its tokenizer} */
  public TokenizerStyle tokenizer() {
    return declared.tokenizer;
  }

  /** Returns checkpoint tensors that a file omits because all their values are 0. */
  public Map<String, List<Long>> zeroTensors(Set<String> tensors, ModelConfig model) {
    return declared.zeroTensors.apply(tensors, model);
  }

  /** {@return whether files have Dense layers after pooling} */
  public boolean hasDense() {
    return declared.traits.contains(FamilyDeclaration.Trait.DENSE);
  }

  /** {@return whether adapters must be merged, since llama.cpp would add them in part} */
  public boolean mergesAdapters() {
    return declared.traits.contains(FamilyDeclaration.Trait.MERGED);
  }

  /** Returns whether all values of a tensor must be 0 for an export, since files cannot hold it. */
  public boolean mustBeZero(String stored) {
    return declared.mustBeZero.test(stored);
  }

  /** {@return whether the general part of the metadata states the file's type} */
  public boolean statesFileType() {
    return !declared.traits.contains(FamilyDeclaration.Trait.NO_FILE_TYPE);
  }

  /** Returns the tensor names of the bare text model. */
  List<TensorName> names(ModelConfig model) {
    return declared.names.apply(model);
  }

  /** Returns whether a model is multimodal, so that its text model is nested. */
  boolean isWhole(ModelConfig model) {
    return declared.whole.test(model);
  }

  private List<TensorName> rows(ModelConfig model) {
    List<TensorName> names = names(model);
    String path = LlamaFamilies.isIdefics(model) ? "model.text_model." : "model.language_model.";
    return isWhole(model) ? names.stream().map(row -> row.nested(path)).toList() : names;
  }

  /** {@return the scalar tensors per layer that files store as keys} */
  public List<LayerValues> layerValues() {
    return declared.layerValues;
  }

  /** Returns unused tensors that files must have though models lack them. */
  public Map<String, List<Long>> unreadTensors(ModelConfig model) {
    return declared.unreadTensors.apply(model);
  }

  /** Reads a model's configuration for export. */
  public Facts facts(ModelConfig model, OptionalInt contextLength) {
    Facts facts = declared.read.apply(model);
    return new Facts(facts.model(), facts.decoder(), contextLength.orElse(facts.contextLength()));
  }

  /**
   * Rejects a model that llama.cpp would compute differently because it hardcodes a setting that
   * the configuration overrides.
   */
  public void requireSupported(Facts facts) {
    declared.checks.forEach(check -> check.accept(facts));
  }

  /** Returns tensors to add that checkpoints do not have, in the order of the file. */
  public List<ExtraTensor> extraTensors(Facts facts) {
    return declared.extraTensors.apply(facts);
  }

  /** Writes the keys that come first in official files. */
  public void describeFirst(Facts facts, GgufMetadata.Builder target) {
    declared.first.writer().write(facts, architecture() + ".", target);
  }

  /** Writes the family's keys. */
  public void describe(Facts facts, OptionalInt fileType, GgufMetadata.Builder target) {
    String prefix = architecture() + ".";
    declared.before.forEach(field -> field.writer().write(facts, prefix, target));
    if (statesFileType()) {
      fileType.ifPresent(number -> target.uint32(FILE_TYPE, number));
    }
    declared.after.forEach(field -> field.writer().write(facts, prefix, target));
  }

  /** Returns the GGUF tensors of a checkpoint's tensor. */
  public List<Place> toGguf(String stored, ModelConfig model) {
    return rows(model).stream().flatMap(row -> row.toGguf(stored).stream()).toList();
  }

  /** Returns the checkpoint's tensor of a GGUF tensor. */
  public Optional<Place> toStored(String gguf, ModelConfig model) {
    return rows(model).stream().flatMap(row -> row.toStored(gguf).stream()).findFirst();
  }

  /** Adjusts the layout of a tensor by the file's metadata. */
  public Place inFile(Place place, GgufMetadata metadata) {
    return declared.inFile.apply(place, metadata);
  }

  /** Returns whether a tensor is unused and need not be read. */
  public boolean isUnused(String gguf, ModelConfig model) {
    return declared.unused.test(gguf, model);
  }

  /** Returns whether a checkpoint of one of its {@link #modelTypes} belongs to it. */
  public boolean accepts(ModelConfig model) {
    return declared.accepts.test(model);
  }

  /** Returns whether a file belongs to it. */
  public boolean fits(GgufMetadata metadata) {
    return metadata.string("general.architecture").filter(architecture()::equals).isPresent()
        && declared.fits.test(metadata);
  }

  /** Builds the {@code config.json} of a file from its metadata. */
  public ObjectNode config(
      GgufMetadata metadata, boolean hasOutput, Optional<float[]> ropeDivisors) {
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    config.putArray("architectures").add(modelClass());
    config.put("model_type", modelType());
    String prefix = architecture() + ".";
    Stream.concat(declared.before.stream(), declared.after.stream())
        .forEach(field -> field.reader().read(metadata, prefix, config));
    config.put("tie_word_embeddings", !hasOutput);
    ropeDivisors.ifPresent(
        divisors ->
            declared.divisors.read(
                divisors, metadata.integer(prefix + "context_length").orElse(0), config));
    declared.completions.forEach(reader -> reader.read(metadata, prefix, config));
    return config;
  }

  /** Adds fields implied by the presence of tensors. */
  public void fit(Set<String> tensors, ObjectNode config) {
    declared.fitting.forEach(fit -> fit.accept(tensors, config));
  }
}
