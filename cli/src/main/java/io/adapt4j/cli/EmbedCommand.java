package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.EmbeddingOptions;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.batch.BatchEmbedding;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.PromptTemplate;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.model.ModelSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Embeds texts. */
@Command(
    name = "embed",
    description =
        "Embeds texts, or every row of a file. An interrupted command for a file resumes where"
            + " it stopped.",
    mixinStandardHelpOptions = true)
final class EmbedCommand implements Callable<Integer> {

  @Mixin private ModelArgument model;
  @Mixin private Output output;

  @Option(
      names = "--text",
      paramLabel = "TEXT",
      description = "A text, whose vector goes to standard output. May be given more than once.")
  private final List<String> texts = new ArrayList<>();

  @Option(
      names = "--input",
      paramLabel = "FILE",
      description =
          "Rows with a field text or prompt, unless --template names others: JSON lines, JSON, CSV,"
              + " TSV or Parquet.")
  private @Nullable Path input;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description = "The file of JSON lines to write, with --input.")
  private @Nullable Path target;

  @Option(
      names = "--template",
      paramLabel = "TEXT",
      description = "The text of a row, with its fields in braces: '{title}: {body}'.")
  private @Nullable String template;

  @Option(
      names = "--prompt-name",
      paramLabel = "NAME",
      description = "The model's prompt to put before each text, such as query or passage.")
  private @Nullable String promptName;

  @Option(
      names = "--task",
      paramLabel = "NAME",
      description =
          "The task whose adapter computes the vectors, of a model published with several, such as"
              + " retrieval.query of jina-embeddings-v3.")
  private @Nullable String task;

  @Option(
      names = "--field",
      paramLabel = "NAME",
      defaultValue = "embedding",
      description = "The field of the vector; default ${DEFAULT-VALUE}.")
  private String field;

  @Option(names = "--overwrite", description = "Begin anew, and replace the output in the end.")
  private boolean overwrite;

  EmbedCommand() {}

  @Override
  public Integer call() {
    requireSense();
    if (input != null && target != null) {
      Destination.rows("--input", input);
      target = Destination.file("--output", target, overwrite, "--input", input);
    }
    Path folder = model.folder();
    CancellationToken stop = new CancellationToken();
    try (Interruption interruption = new Interruption(stop::cancel);
        TextEmbedder embedder = load(ModelSource.path(folder))) {
      if (input == null || target == null) {
        print(embedder);
        return ExitCode.OK;
      }
      BatchEmbedding batch =
          BatchEmbedding.of(embedder)
              .field(field)
              .cancellation(stop)
              .listener(new BatchProgress(output.err()));
      if (template != null) {
        batch.template(PromptTemplate.of(template));
      }
      if (promptName != null) {
        batch.promptName(promptName);
      }
      if (overwrite) {
        batch.overwrite();
      }
      return BatchProgress.finish(batch.run(Datasets.read(input), target), output);
    }
  }

  private TextEmbedder load(ModelSource folder) {
    if (task == null) {
      return TextEmbedder.load(folder);
    }
    try {
      return TextEmbedder.load(folder, EmbeddingOptions.builder().task(task).build());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("--" + e.getMessage(), e);
    }
  }

  private void requireSense() {
    if (texts.isEmpty() == (input == null)) {
      throw new IllegalArgumentException(
          "--text, --input: expected one of them, found "
              + (input == null ? "none" : "both")
              + ". Give texts, or a file of them.");
    }
    if (overwrite && input == null) {
      throw new IllegalArgumentException(
          "--overwrite: has no effect without --input. Leave it out.");
    }
    if ((input == null) != (target == null)) {
      throw new IllegalArgumentException(
          input == null
              ? "--output: has no effect without --input. Leave it out."
              : "--output: expected a file for the vectors of --input, found none. Name one.");
    }
  }

  private void print(TextEmbedder embedder) {
    List<float[]> vectors =
        promptName == null ? embedder.embedAll(texts) : embedder.embedAll(texts, promptName);
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < vectors.size(); i++) {
      ArrayNode values = JsonNodeFactory.instance.arrayNode();
      for (float value : vectors.get(i)) {
        values.add(value);
      }
      ObjectNode line = all.addObject().put("text", texts.get(i));
      line.set(field, values);
      lines.append(line).append('\n');
    }
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.set("embeddings", all);
    output.write(lines.toString(), json);
  }
}
