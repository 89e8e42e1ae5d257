package io.adapt4j.core.inspect;

import io.adapt4j.core.exception.CheckpointException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a model folder holds, found out without reading its weights and also for models that this
 * build cannot run. Immutable.
 *
 * @param folder the model folder
 * @param shape what its configuration says
 * @param quantization how its weights are quantized, if they are
 * @param unsupported why this build cannot run it; empty if it can
 * @param weights its weights; empty if there are none that could be read
 * @param tokenizer its tokenizer; empty if there is none that could be read
 * @param padTokenId the padding token that its configuration or its tokenizer names
 * @param chatTemplates names of its chat templates; {@code default} is the one used unless another
 *     is asked for
 * @param card its model card
 * @param licenseText its license's own text, where the folder has a file such as {@code LICENSE}
 * @param problems what could not be read, or not run
 */
public record ModelInfo(
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
    List<ModelWarning> problems) {

  /**
   * Makes a description with its own copies of the lists.
   *
   * @param folder the model folder
   * @param shape what its configuration says
   * @param quantization how its weights are quantized
   * @param unsupported why this build cannot run it
   * @param weights its weights
   * @param tokenizer its tokenizer
   * @param padTokenId the padding token that is named
   * @param chatTemplates names of its chat templates
   * @param card its model card
   * @param licenseText its license's own text
   * @param problems what could not be read, or not run
   */
  public ModelInfo {
    chatTemplates = List.copyOf(chatTemplates);
    problems = List.copyOf(problems);
  }

  /**
   * Reads a model folder. Only {@code config.json} must be there; what else is missing or cannot be
   * read is among the {@link #problems()}.
   *
   * @param folder the model folder
   * @return what it holds
   * @throws CheckpointException if {@code config.json} is missing or not a JSON object
   */
  public static ModelInfo read(Path folder) {
    return new ModelInfoReader(folder).read();
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
   * @return tokens, as its configuration says, else its tokenizer's
   */
  public OptionalInt contextLength() {
    return shape.contextLength().isPresent()
        ? shape.contextLength()
        : tokenizer.map(TokenizerInfo::maxLength).orElse(OptionalInt.empty());
  }

  /**
   * Returns what to know before using the model commercially, for no particular task.
   *
   * @return the warnings of {@link #warnings(Intent)} for {@link Intent#of()}
   */
  public List<ModelWarning> warnings() {
    return warnings(Intent.of());
  }

  /**
   * Returns what to know before using the model.
   *
   * @param intent what for
   * @return the problems, and what of the license, the tokenizer and the context matters for it
   */
  public List<ModelWarning> warnings(Intent intent) {
    return new Warnings(this, intent).list();
  }

  /**
   * Describes the model for people to read.
   *
   * @return several lines
   */
  public String describe() {
    return Description.of(this);
  }

  /** Returns the description. */
  @Override
  public String toString() {
    return describe();
  }
}
