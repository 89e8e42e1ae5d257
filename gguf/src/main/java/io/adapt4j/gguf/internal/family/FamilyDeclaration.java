package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.layout.ExtraTensor;
import io.adapt4j.gguf.internal.layout.LayerValues;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.Place;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import io.adapt4j.gguf.internal.metadata.RopeFields;
import io.adapt4j.gguf.internal.metadata.TokenizerStyle;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Declaration of a family: what its files have, in the terms that all kinds of families share. The
 * setters return the declaration.
 */
abstract class FamilyDeclaration<B extends FamilyDeclaration<B>> {

  /** Property of a family's files. */
  enum Trait {
    /** An encoder. */
    READS_TEXTS,
    /** Dense layers after pooling. */
    DENSE,
    /** Adapters only merged, since llama.cpp does not add them to all matrices. */
    MERGED,
    /** No file type in the general part of the metadata, as in the official converter's. */
    NO_FILE_TYPE
  }

  /** Reads rotary frequency divisors into a configuration. */
  @FunctionalInterface
  interface DivisorsReader {
    void read(float[] divisors, long contextLength, ObjectNode config);
  }

  final String architecture;
  final String modelType;
  final String modelClass;
  final Set<String> modelTypes = new LinkedHashSet<>();
  final List<Field> before = new ArrayList<>();
  final List<Field> after = new ArrayList<>();
  final List<Consumer<Facts>> checks = new ArrayList<>();
  final List<Field.Reader> completions = new ArrayList<>();
  final List<BiConsumer<Set<String>, ObjectNode>> fitting = new ArrayList<>();
  boolean requiresOutput;
  final Set<Trait> traits = EnumSet.noneOf(Trait.class);
  TokenizerStyle tokenizer = TokenizerStyle.ANY;
  Predicate<ModelConfig> whole = model -> false;
  Predicate<ModelConfig> accepts = model -> true;
  Predicate<GgufMetadata> fits = metadata -> true;
  Predicate<String> mustBeZero = stored -> false;
  BiPredicate<String, ModelConfig> unused = (gguf, model) -> false;
  Function<ModelConfig, Facts> read = this::facts;
  Function<ModelConfig, List<TensorName>> names = this::tensorNames;
  Function<Facts, Layout> tiedOutput = facts -> Layout.SAME;
  Function<Facts, List<ExtraTensor>> extraTensors = facts -> List.of();
  Function<ModelConfig, Map<String, List<Long>>> unreadTensors = model -> Map.of();
  BiFunction<Set<String>, ModelConfig, Map<String, List<Long>>> zeroTensors =
      (tensors, model) -> Map.of();
  BiFunction<Place, GgufMetadata, Place> inFile = (place, metadata) -> place;
  List<LayerValues> layerValues = List.of();
  Field first = Field.written((facts, prefix, target) -> {});
  DivisorsReader divisors =
      (values, contextLength, config) ->
          config.set("rope_scaling", RopeFields.scalingOf(values, contextLength));

  FamilyDeclaration(String architecture, String modelType, String modelClass) {
    this.architecture = architecture;
    this.modelType = modelType;
    this.modelClass = modelClass;
    modelTypes.add(modelType);
  }

  @SuppressWarnings("unchecked")
  private B self() {
    return (B) this;
  }

  /** Reads a configuration, unless {@link #read(Function)} says how. */
  Facts facts(ModelConfig model) {
    throw new IllegalStateException(modelType);
  }

  /** Lists tensor names, unless {@link #names(Function)} does. */
  List<TensorName> tensorNames(ModelConfig model) {
    throw new IllegalStateException(modelType);
  }

  /** Completes the declaration, which is not changed any further. */
  void finish() {}

  /** Adds values of {@code model_type} that are exported to the same files. */
  B alsoOf(String... types) {
    modelTypes.addAll(List.of(types));
    return self();
  }

  /** Requires the output matrix in files even if it is tied. */
  B requiresOutput() {
    requiresOutput = true;
    return self();
  }

  /** Sets the layout in which a tied embedding is written as the output matrix. */
  B tiedOutput(Function<Facts, Layout> layout) {
    tiedOutput = layout;
    return self();
  }

  B with(Trait... added) {
    traits.addAll(List.of(added));
    return self();
  }

  B tokenizer(TokenizerStyle style) {
    tokenizer = style;
    return self();
  }

  /** Declares byte-level BPE tokenizers. */
  B byteLevel() {
    return tokenizer(TokenizerStyle.BYTE_LEVEL);
  }

  /** Sets which models are multimodal, with their text model nested. */
  B whole(Predicate<ModelConfig> isWhole) {
    whole = isWhole;
    return self();
  }

  /** Adds the text models of this family in models with an image tower, which name it there. */
  B alsoWithin(String... types) {
    Set<String> models = Set.of(types);
    whole(model -> models.contains(model.modelType()));
    accepts(model -> !whole.test(model) || model.text().modelType().equals(modelType));
    return alsoOf(types);
  }

  /** Sets which checkpoints of these values of {@code model_type} belong here. */
  B accepts(Predicate<ModelConfig> condition) {
    accepts = condition;
    return self();
  }

  /** Sets which files of the architecture belong here. */
  B fits(Predicate<GgufMetadata> condition) {
    fits = condition;
    return self();
  }

  /** Reads files as those of another family of the same architecture. */
  B onlyWritten() {
    return fits(metadata -> false);
  }

  /** Sets tensors that files cannot hold, whose values must be 0. */
  B mustBeZero(Predicate<String> condition) {
    mustBeZero = condition;
    return self();
  }

  /** Sets tensors of files that are not read. */
  B unused(BiPredicate<String, ModelConfig> condition) {
    unused = condition;
    return self();
  }

  /** Sets how the configuration is read. */
  B read(Function<ModelConfig, Facts> reader) {
    read = reader;
    return self();
  }

  B names(Function<ModelConfig, List<TensorName>> ofModel) {
    names = ofModel;
    return self();
  }

  /** Sets the tensors that checkpoints do not have. */
  B extraTensors(Function<Facts, List<ExtraTensor>> tensors) {
    extraTensors = tensors;
    return self();
  }

  /** Sets the unused tensors that files must have. */
  B unreadTensors(Function<ModelConfig, Map<String, List<Long>>> tensors) {
    unreadTensors = tensors;
    return self();
  }

  /** Sets the tensors of zeros that files omit, given the tensors of a file. */
  B zeroTensors(BiFunction<Set<String>, ModelConfig, Map<String, List<Long>>> tensors) {
    zeroTensors = tensors;
    return self();
  }

  /** Sets how a file's metadata changes the layout of a tensor. */
  B inFile(BiFunction<Place, GgufMetadata, Place> adjustment) {
    inFile = adjustment;
    return self();
  }

  /** Sets the scalars per layer that files store as keys. */
  B layerValues(LayerValues... values) {
    layerValues = List.of(values);
    return self();
  }

  /** Sets the keys that come first in official files. */
  B first(Field.Writer writer) {
    first = Field.written(writer);
    return self();
  }

  /** Sets how rotary frequency divisors are read. */
  B divisors(DivisorsReader reader) {
    divisors = reader;
    return self();
  }

  /** Sets the keys before the file's type. */
  B before(Field... fields) {
    before.clear();
    return alsoBefore(List.of(fields));
  }

  /** Adds keys before the file's type. */
  B alsoBefore(List<Field> fields) {
    before.addAll(fields);
    return self();
  }

  /** Adds keys after the file's type. */
  B after(Field... fields) {
    after.addAll(List.of(fields));
    return self();
  }

  /** Adds a check of settings that llama.cpp hardcodes. */
  B check(Consumer<Facts> check) {
    checks.add(check);
    return self();
  }

  /** Adds fields that derive from several keys, or from none. */
  B complete(Field.Reader reader) {
    completions.add(reader);
    return self();
  }

  /** Adds fields that the presence of tensors implies. */
  B fit(BiConsumer<Set<String>, ObjectNode> fit) {
    fitting.add(fit);
    return self();
  }

  /** Adds a field that says whether a tensor is present. */
  B present(String field, String tensor) {
    return fit((tensors, config) -> config.put(field, tensors.contains(tensor)));
  }
}
