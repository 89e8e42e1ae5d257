package io.adapt4j.core.inspect;

import io.adapt4j.core.exception.CheckpointException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Facts about a model folder, found without reading its weights and also for models that this build
 * cannot run. Immutable.
 */
public final class ModelInfo {

  private final Path folder;
  private final ModelShape shape;
  private final Optional<StoredQuantization> quantization;
  private final Optional<String> unsupported;
  private final Optional<StoredWeights> weights;
  private final Optional<TokenizerInfo> tokenizer;
  private final OptionalInt padTokenId;
  private final List<String> chatTemplates;
  private final ModelCard card;
  private final Optional<String> licenseText;
  private final List<ModelWarning> problems;
  private final Intent intent;

  ModelInfo(
      Path folder,
      ModelShape shape,
      Optional<StoredQuantization> quantization,
      Optional<String> unsupported,
      Optional<StoredWeights> weights,
      Optional<TokenizerInfo> tokenizer,
      OptionalInt padTokenId,
      List<String> chatTemplates,
      ModelCard card,
      Optional<String> licenseText,
      List<ModelWarning> problems,
      Intent intent) {
    this.folder = folder;
    this.shape = shape;
    this.quantization = quantization;
    this.unsupported = unsupported;
    this.weights = weights;
    this.tokenizer = tokenizer;
    this.padTokenId = padTokenId;
    this.chatTemplates = List.copyOf(chatTemplates);
    this.card = card;
    this.licenseText = licenseText;
    this.problems = List.copyOf(problems);
    this.intent = intent;
  }

  /**
   * Reads a model folder. Only {@code config.json} must exist; other files that are missing or
   * cannot be read are among the {@link #problems()}.
   *
   * @param folder the model folder
   * @return the facts
   * @throws CheckpointException if {@code config.json} is missing or not a JSON object
   */
  public static ModelInfo read(Path folder) {
    return new ModelInfoReader(folder).read();
  }

  /** {@return the model folder} */
  public Path folder() {
    return folder;
  }

  /** {@return the family, such as {@code llama}} */
  public Optional<String> modelType() {
    return shape.modelType();
  }

  /** {@return the model classes, such as {@code LlamaForCausalLM}} */
  public List<String> architectures() {
    return shape.architectures();
  }

  /** {@return the rows of the embedding} */
  public OptionalInt vocabularySize() {
    return shape.vocabularySize();
  }

  /** {@return the width of the hidden states} */
  public OptionalInt hiddenSize() {
    return shape.hiddenSize();
  }

  /** {@return the number of layers} */
  public OptionalInt layers() {
    return shape.layers();
  }

  /**
   * Returns whether the output matrix is tied to the embedding.
   *
   * @return true or false if the configuration says so or, for a model that generates text, the
   *     weights show it
   */
  public Optional<Boolean> tiedEmbeddings() {
    return shape.tiedEmbeddings();
  }

  /**
   * {@return how the weights are quantized, such as {@code bitsandbytes, 4 bits (nf4)}; empty if
   * they are not}
   */
  public Optional<String> quantization() {
    return quantization.map(StoredQuantization::toString);
  }

  /** {@return why this build cannot run the model; empty if it can} */
  public Optional<String> unsupported() {
    return unsupported;
  }

  /**
   * Returns the number of parameters.
   *
   * <p>A tied matrix is stored, and counted, once. Quantized weights count as the weights they
   * represent; scales and tables of a quantization and buffers that are not learned, such as causal
   * masks, do not count.
   *
   * @return the count; empty if no weights could be read
   */
  public OptionalLong parameters() {
    return weights.map(stored -> OptionalLong.of(stored.parameters())).orElse(OptionalLong.empty());
  }

  /** {@return the number of stored tensors; empty if no weights could be read} */
  public OptionalInt tensors() {
    return weights.map(stored -> OptionalInt.of(stored.tensors())).orElse(OptionalInt.empty());
  }

  /**
   * Returns the size of the stored weights.
   *
   * @return bytes of all tensors by data type, such as {@code BF16}; types without any are left out
   */
  public Map<String, Long> bytesByType() {
    return weights.map(StoredWeights::bytesByType).orElse(Map.of());
  }

  /** {@return whether there is a readable tokenizer} */
  public boolean hasTokenizer() {
    return tokenizer.isPresent();
  }

  /** {@return the class of the tokenizer in Transformers, if the files name it} */
  public Optional<String> tokenizerClass() {
    return tokenizer.flatMap(TokenizerInfo::tokenizerClass);
  }

  /** {@return the special tokens by role: bos, eos, unk, pad, as far as the files name them} */
  public Map<String, String> specialTokens() {
    return tokenizer.map(TokenizerInfo::specialTokens).orElse(Map.of());
  }

  /** {@return the padding token that the configuration or the tokenizer names} */
  public OptionalInt padTokenId() {
    return padTokenId;
  }

  /**
   * {@return the names of the chat templates; {@code default} is used unless another is requested}
   */
  public List<String> chatTemplates() {
    return chatTemplates;
  }

  /** {@return the model card} */
  public ModelCard card() {
    return card;
  }

  /** {@return the license's own text, if the folder has a file such as {@code LICENSE}} */
  public Optional<String> licenseText() {
    return licenseText;
  }

  /** {@return problems with reading or running the model} */
  public List<ModelWarning> problems() {
    return problems;
  }

  /**
   * Returns whether this build can run the model.
   *
   * @return whether its architecture, with all its options, is supported
   */
  public boolean supported() {
    return unsupported.isEmpty();
  }

  /**
   * Returns the longest sequence the model can take.
   *
   * @return tokens, according to its configuration, else its tokenizer
   */
  public OptionalInt contextLength() {
    return shape.contextLength().isPresent()
        ? shape.contextLength()
        : tokenizer.map(TokenizerInfo::maxLength).orElse(OptionalInt.empty());
  }

  /** {@return the same model, to be trained on or used for chats} */
  public ModelInfo forChats() {
    return with(intent.chat(true));
  }

  /**
   * Returns the same model, to be used with sequences of some length.
   *
   * @param tokens the longest sequence, at least 1
   * @return the model
   * @throws IllegalArgumentException if it is below 1
   */
  public ModelInfo forSequencesOf(int tokens) {
    return with(intent.sequenceLength(tokens));
  }

  /** {@return the same model, not to be used commercially} */
  public ModelInfo forNonCommercialUse() {
    return with(intent.commercial(false));
  }

  /**
   * Returns the warnings that apply to using the model: commercially and for no particular task,
   * unless {@link #forNonCommercialUse}, {@link #forChats} or {@link #forSequencesOf} say
   * otherwise.
   *
   * @return the problems, and warnings about the license, the tokenizer and the context
   */
  public List<ModelWarning> warnings() {
    return new Warnings(this, intent).list();
  }

  private ModelInfo with(Intent changed) {
    return new ModelInfo(
        folder,
        shape,
        quantization,
        unsupported,
        weights,
        tokenizer,
        padTokenId,
        chatTemplates,
        card,
        licenseText,
        problems,
        changed);
  }

  /**
   * Describes the model in readable text.
   *
   * @return several lines
   */
  public String describe() {
    return Description.of(this);
  }

  ModelShape shape() {
    return shape;
  }

  Optional<StoredQuantization> storedQuantization() {
    return quantization;
  }

  Optional<StoredWeights> weights() {
    return weights;
  }

  Optional<TokenizerInfo> tokenizer() {
    return tokenizer;
  }

  /** Returns the description. */
  @Override
  public String toString() {
    return describe();
  }
}
