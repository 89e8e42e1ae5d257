package io.adapt4j.core.batch;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.DatasetReader;
import io.adapt4j.core.data.PromptTemplate;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.internal.load.FolderIdentity;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Embeds every row of a file and writes a JSON Lines file: each row's fields, followed by {@code
 * embedding}, a list of numbers. The text of a row is rendered by the template, or is the field
 * {@code text} or {@code prompt}. Texts longer than the model's limit are truncated.
 *
 * <p>Results are stored and resumed as by {@link BatchCompletion}, for the same model files;
 * attached adapters are not compared. One call at a time.
 */
public final class BatchEmbedding {

  /** Number of rows that are embedded and stored together. */
  private static final int CHUNK = 64;

  private final TextEmbedder embedder;
  private Optional<PromptTemplate> template = Optional.empty();
  private Optional<String> promptName = Optional.empty();
  private String field = "embedding";
  private boolean overwrite;
  private BatchListener listener = (done, rows) -> {};
  private CancellationToken cancellation = new CancellationToken();

  private BatchEmbedding(TextEmbedder embedder) {
    this.embedder = Objects.requireNonNull(embedder, "embedder");
  }

  /**
   * Creates a batch with the model's default prompt.
   *
   * @param embedder the model, which the caller closes
   * @return a batch to set up
   */
  public static BatchEmbedding of(TextEmbedder embedder) {
    return new BatchEmbedding(embedder);
  }

  /**
   * Sets the template of texts. Default: the field {@code text} or {@code prompt}.
   *
   * @param text the template
   */
  public BatchEmbedding template(PromptTemplate text) {
    this.template = Optional.of(text);
    return this;
  }

  /**
   * Sets the prompt that prefixes each text. Default: the model's default.
   *
   * @param name one of {@link TextEmbedder#prompts}
   */
  public BatchEmbedding promptName(String name) {
    this.promptName = Optional.of(name);
    return this;
  }

  /**
   * Sets the field of the embedding. Default: {@code embedding}.
   *
   * @param name a name that no field of the rows has
   */
  public BatchEmbedding field(String name) {
    this.field = Objects.requireNonNull(name, "name");
    return this;
  }

  /** Discards existing results, and replaces the output at the end. */
  public BatchEmbedding overwrite() {
    this.overwrite = true;
    return this;
  }

  /**
   * Sets the progress listener.
   *
   * @param hears the listener
   */
  public BatchEmbedding listener(BatchListener hears) {
    this.listener = Objects.requireNonNull(hears, "hears");
    return this;
  }

  /**
   * Sets a token that cancels the batch.
   *
   * @param token the token
   */
  public BatchEmbedding cancellation(CancellationToken token) {
    this.cancellation = Objects.requireNonNull(token, "token");
    return this;
  }

  /**
   * Embeds the rows without an embedding, and writes the output when all have one.
   *
   * @param rows the input, of any format that {@link io.adapt4j.core.data.Datasets#read} reads
   * @param output the JSON Lines file
   * @return the result
   * @throws BatchException if the output exists, belongs to another batch, or cannot be written
   * @throws DatasetException if a row has no text
   * @throws IllegalArgumentException if there is no such prompt
   */
  public BatchReport run(DatasetReader rows, Path output) {
    RowBatch batch = new RowBatch(rows, output, field, listener, cancellation, overwrite);
    ObjectNode description =
        batch.description("embedding", Optional.of(FolderIdentity.of(embedder.folder())));
    template.ifPresent(text -> description.put("template", text.toString()));
    promptName.ifPresent(name -> description.put("promptName", name));
    return batch.run(description, CHUNK, 1, chosen -> vectors(batch, chosen));
  }

  private List<ObjectNode> vectors(RowBatch batch, int[] chosen) {
    List<String> texts = new ArrayList<>(chosen.length);
    for (int row : chosen) {
      texts.add(batch.text(row, template, "text", "prompt"));
    }
    List<float[]> vectors =
        promptName.isPresent()
            ? embedder.embedAll(texts, promptName.get())
            : embedder.embedAll(texts);
    List<ObjectNode> results = new ArrayList<>(chosen.length);
    for (float[] vector : vectors) {
      ObjectNode result = JsonNodeFactory.instance.objectNode();
      ArrayNode values = result.putArray(field);
      for (float value : vector) {
        values.add(value);
      }
      results.add(result);
    }
    return results;
  }
}
