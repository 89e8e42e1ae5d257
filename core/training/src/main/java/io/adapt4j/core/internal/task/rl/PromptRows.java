package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Row;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.chat.ChatEncoder;
import io.adapt4j.core.internal.data.EncodedRow;
import io.adapt4j.core.internal.data.EncodedRows;
import io.adapt4j.core.internal.data.EncodingReport;
import io.adapt4j.core.internal.data.RowFate;
import io.adapt4j.core.internal.data.RowPrompt;
import io.adapt4j.core.internal.data.Sample;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.jinja.TemplateException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Tokenized prompts of a dataset, as found by {@link RowPrompt}; conversations are rendered by the
 * chat template with a generation prompt. Prompts longer than the limit are skipped and counted.
 */
public final class PromptRows {

  private final List<Prompt> prompts;
  private final EncodingReport report;
  private final boolean usesTemplate;

  private PromptRows(List<Prompt> prompts, EncodingReport report) {
    this.prompts = prompts;
    this.report = report;
    this.usesTemplate = prompts.stream().anyMatch(Prompt::templated);
  }

  /** A prompt as tokens and as text, with the fields of its row. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  record Prompt(
      int[] ids,
      String text,
      Map<String, Object> fields,
      boolean templated,
      List<ChatMessage> messages)
      implements Sample {

    boolean ofEpisode() {
      return !messages.isEmpty();
    }

    @Override
    public int length() {
      return ids.length;
    }

    @Override
    public int targets() {
      return 0;
    }

    @Override
    public void digest(MessageDigest digest, double weight) {
      FileDigest.update(digest, ids);
      digest.update(fields.toString().getBytes(StandardCharsets.UTF_8));
    }
  }

  /** Options of encoding prompts. */
  public record Encoding(
      Tokenizer tokenizer,
      Optional<ChatTemplate> template,
      int most,
      Optional<List<Map<String, Object>>> tools) {

    /** Creates the options of prompts without an environment. */
    public Encoding(Tokenizer tokenizer, Optional<ChatTemplate> template, int most) {
      this(tokenizer, template, most, Optional.empty());
    }
  }

  public static PromptRows of(Dataset dataset, Encoding encoding) {
    List<Prompt> prompts = new ArrayList<>();
    EncodingReport report =
        EncodedRows.of(
                dataset,
                (data, row) -> encoded(prompt(data, row, encoding), encoding),
                prompts::add)
            .report();
    return new PromptRows(List.copyOf(prompts), report);
  }

  private static EncodedRow<Prompt> encoded(Prompt prompt, Encoding encoding) {
    return prompt.length() > encoding.most()
        ? EncodedRow.skipped(RowFate.TOO_LONG)
        : new EncodedRow<>(List.of(prompt), RowFate.KEPT);
  }

  private static Prompt prompt(Dataset dataset, int row, Encoding encoding) {
    Example example = dataset.get(row);
    Map<String, Object> fields = fields(dataset, row, example);
    try {
      RowPrompt asked = RowPrompt.of(example);
      if (encoding.tools().isPresent()) {
        return templated(ofEpisode(asked, encoding.tools().get()), fields, encoding);
      }
      return asked instanceof RowPrompt.Plain plain
          ? plain(plain.text(), fields, encoding.tokenizer())
          : templated((RowPrompt.Conversation) asked, fields, encoding);
    } catch (DatasetException e) {
      throw new DatasetException(dataset.locate(row) + ": " + e.getMessage(), e);
    }
  }

  /** Returns the conversation of an episode, in which a text is a message of the user. */
  private static RowPrompt.Conversation ofEpisode(
      RowPrompt asked, List<Map<String, Object>> tools) {
    return new RowPrompt.Conversation(
        asked instanceof RowPrompt.Plain plain
            ? List.of(ChatMessage.user(plain.text()))
            : ((RowPrompt.Conversation) asked).messages(),
        tools);
  }

  private static Map<String, Object> fields(Dataset dataset, int row, Example example) {
    Map<String, Object> fields = new LinkedHashMap<>();
    Optional<Row> source = dataset.source(row);
    source.ifPresent(found -> found.fields().forEach(name -> fields.put(name, found.value(name))));
    if (example instanceof Example.PromptCompletion pair) {
      fields.putIfAbsent("completion", pair.completion());
    }
    return fields;
  }

  private static Prompt plain(String text, Map<String, Object> fields, Tokenizer tokenizer) {
    int[] ids = tokenizer.encodePrompt(text);
    if (ids.length > 0) {
      return new Prompt(ids, text, fields, false, List.of());
    }
    OptionalInt first = tokenizer.bosId().isPresent() ? tokenizer.bosId() : tokenizer.eosId();
    if (first.isEmpty()) {
      throw new DatasetException(
          "the prompt has no tokens, and the tokenizer names none to begin with. Write a prompt.");
    }
    return new Prompt(new int[] {first.getAsInt()}, text, fields, false, List.of());
  }

  private static Prompt templated(
      RowPrompt.Conversation asked, Map<String, Object> fields, Encoding encoding) {
    ChatTemplate template =
        encoding
            .template()
            .orElseThrow(
                () ->
                    new DatasetException(
                        "a conversation needs a chat template to become a text, and the model has"
                            + " none. Name one with chatTemplate(...), such as chatml, read the"
                            + " rows as texts, or use an instruct model."));
    if (asked.messages().isEmpty()) {
      throw new DatasetException("nothing stands before the answer. Remove the row.");
    }
    ChatOptions defaults = ChatOptions.defaults().withGenerationPrompt();
    ChatOptions options = asked.tools().isEmpty() ? defaults : defaults.withTools(asked.tools());
    try {
      ChatEncoder encoder = new ChatEncoder(encoding.tokenizer(), template);
      return new Prompt(
          encoder.encode(asked.messages(), options),
          encoder.render(asked.messages(), options),
          fields,
          true,
          encoding.tools().isPresent() ? asked.messages() : List.of());
    } catch (ChatException | TemplateException e) {
      throw new DatasetException(
          "the chat template refuses the conversation: " + e.getMessage(), e);
    }
  }

  public EncodingReport report() {
    return report;
  }

  /** Returns whether any prompt was rendered by a chat template. */
  public boolean usesTemplate() {
    return usesTemplate;
  }

  int size() {
    return prompts.size();
  }

  Prompt get(int number) {
    return prompts.get(number);
  }
}
