package io.adapt4j.core.batch;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.DatasetReader;
import io.adapt4j.core.data.PromptTemplate;
import io.adapt4j.core.data.Row;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.PromptTooLongException;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.RequestRefusedException;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.jinja.TemplateException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Answers every row of a file and writes a JSON Lines file: each row's fields, followed by {@code
 * completion}, {@code finishReason}, {@code promptTokens} and {@code tokens}. A row that fails,
 * such as one too long for the model, has {@code error} instead, and the batch continues.
 *
 * <p>A row with {@code messages} is a conversation to answer. For other rows the text is rendered
 * by the template, or is the field {@code prompt} or {@code text}; a chat model answers it as a
 * user message, other models continue it.
 *
 * <p>Results are stored in {@code OUTPUT.part} as they arrive and survive the end of the process;
 * the same call then continues with the missing rows. It fails if the model, the options or the
 * input differ. The output appears when it is complete. Each row is sampled with the options' seed
 * plus its index, so that an interrupted batch has the same results as an uninterrupted one. One
 * call at a time.
 */
public final class BatchCompletion {

  /** Default number of rows answered concurrently. */
  public static final int DEFAULT_REQUESTS = 8;

  private final Responder responder;
  private Optional<PromptTemplate> template = Optional.empty();
  private Optional<String> system = Optional.empty();
  private boolean raw;
  private GenerationOptions options = GenerationOptions.greedy();
  private String field = "completion";
  private int requests = DEFAULT_REQUESTS;
  private boolean overwrite;
  private BatchListener listener = (done, rows) -> {};
  private CancellationToken cancellation = new CancellationToken();

  private BatchCompletion(Responder responder) {
    this.responder = responder;
  }

  /**
   * Creates a batch with greedy answers of at most {@value
   * GenerationOptions#DEFAULT_MAX_NEW_TOKENS} tokens.
   *
   * @param model the model, which the caller closes
   * @return a batch to set up
   */
  public static BatchCompletion of(LanguageModel model) {
    return new BatchCompletion(new ModelResponder(Objects.requireNonNull(model, "model")));
  }

  /**
   * Creates a batch with greedy answers of any text generator, such as an encoder-decoder: {@code
   * SequenceToSequenceModel.asGenerator}. Each prompt is a user message.
   *
   * @param generator the generator, with an identity
   * @return a batch to set up
   * @throws IllegalArgumentException if the generator has no identity
   */
  public static BatchCompletion of(TextGenerator generator) {
    return new BatchCompletion(new GeneratorResponder(generator));
  }

  /**
   * Sets the template of prompts. Default: the field {@code prompt} or {@code text}.
   *
   * @param prompt the template
   */
  public BatchCompletion template(PromptTemplate prompt) {
    this.template = Optional.of(prompt);
    return this;
  }

  /**
   * Sets a system message for prompts that are sent as conversations. Default: none.
   *
   * @param message the message
   */
  public BatchCompletion system(String message) {
    this.system = Optional.of(message);
    return this;
  }

  /** Continues prompts as they are, even for a chat model. */
  public BatchCompletion raw() {
    this.raw = true;
    return this;
  }

  /**
   * Sets the generation options.
   *
   * @param generation the options
   */
  public BatchCompletion options(GenerationOptions generation) {
    this.options = Objects.requireNonNull(generation, "generation");
    return this;
  }

  /**
   * Sets the field of the answer. Default: {@code completion}.
   *
   * @param name a name that no field of the rows has
   */
  public BatchCompletion field(String name) {
    this.field = Objects.requireNonNull(name, "name");
    return this;
  }

  /**
   * Sets the number of rows answered concurrently, by continuous batching. Default: {@value
   * #DEFAULT_REQUESTS}.
   *
   * @param rows number of rows, at least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public BatchCompletion requests(int rows) {
    if (rows < 1) {
      throw new IllegalArgumentException("requests must be at least 1, found " + rows);
    }
    this.requests = rows;
    return this;
  }

  /** Discards existing results, and replaces the output at the end. */
  public BatchCompletion overwrite() {
    this.overwrite = true;
    return this;
  }

  /**
   * Sets the progress listener.
   *
   * @param hears the listener
   */
  public BatchCompletion listener(BatchListener hears) {
    this.listener = Objects.requireNonNull(hears, "hears");
    return this;
  }

  /**
   * Sets a token that cancels the batch: rows in progress are discarded and answered by the next
   * call.
   *
   * @param token the token
   */
  public BatchCompletion cancellation(CancellationToken token) {
    this.cancellation = Objects.requireNonNull(token, "token");
    return this;
  }

  /**
   * Answers the rows without an answer, and writes the output when all have one.
   *
   * @param rows the input, of any format that {@link io.adapt4j.core.data.Datasets#read} reads
   * @param output the JSON Lines file
   * @return the result
   * @throws BatchException if the output exists, belongs to another batch, or cannot be written
   * @throws DatasetException if a row has no prompt
   */
  public BatchReport run(DatasetReader rows, Path output) {
    RowBatch batch = new RowBatch(rows, output, field, listener, cancellation, overwrite);
    ObjectNode description = batch.description("completion", responder.identity()).put("raw", raw);
    description.put("options", options.toString());
    template.ifPresent(text -> description.put("template", text.toString()));
    system.ifPresent(text -> description.put("system", text));
    return batch.run(description, 1, requests, chosen -> answers(batch, chosen[0]));
  }

  private List<ObjectNode> answers(RowBatch batch, int row) {
    GenerationOptions seeded = options.toBuilder().seed(options.seed() + row).build();
    GeneratedText answer;
    try {
      answer = answer(batch, row, seeded);
    } catch (PromptTooLongException
        | ChatException
        | TemplateException
        | RequestRefusedException e) {
      return List.of(PartFile.failure(String.valueOf(e.getMessage())));
    }
    if (answer.finishReason() == FinishReason.CANCELLED) {
      return List.of();
    }
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put(field, answer.text())
            .put("finishReason", answer.finishReason().name().toLowerCase(Locale.ROOT));
    answer
        .usage()
        .ifPresent(
            usage ->
                json.put("promptTokens", usage.promptTokens()).put("tokens", usage.newTokens()));
    return List.of(json);
  }

  private GeneratedText answer(RowBatch batch, int row, GenerationOptions seeded) {
    if (template.isEmpty() && batch.row(row).has("messages")) {
      return responder.chat(messages(batch, row), seeded, cancellation);
    }
    String prompt = batch.text(row, template, "prompt", "text");
    if (raw || !responder.chats()) {
      return responder.complete(prompt, seeded, cancellation);
    }
    List<ChatMessage> messages = new ArrayList<>();
    system.ifPresent(text -> messages.add(ChatMessage.system(text)));
    messages.add(ChatMessage.user(prompt));
    return responder.chat(messages, seeded, cancellation);
  }

  private static List<ChatMessage> messages(RowBatch batch, int row) {
    Row source = batch.row(row);
    List<ChatMessage> messages = new ArrayList<>();
    if (source.value("messages") instanceof List<?> list) {
      for (Object message : list) {
        if (message instanceof Map<?, ?> fields) {
          messages.add(ChatMessage.of(named(fields)));
        }
      }
      if (!messages.isEmpty() && messages.size() == list.size()) {
        return messages;
      }
    }
    throw new DatasetException(
        batch.locate(row)
            + ": messages: expected a list of objects with role and content, found "
            + source.value("messages"));
  }

  private static Map<String, Object> named(Map<?, ?> fields) {
    Map<String, Object> named = new LinkedHashMap<>();
    fields.forEach((name, value) -> named.put(String.valueOf(name), value));
    return named;
  }
}
