package io.adapt4j.benchmarks.data;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Row;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/** BANKING77 as short conversations: questions, with the names of their intents as answers. */
public final class Banking {

  public static final String DATA = "../shared/data/banking77/train.csv";
  public static final String TOKENIZER = "../shared/data/tokenizers/smollm2-135m-instruct";

  private static final int MAX_LENGTH = 512;

  private Banking() {}

  public static Dataset texts(Path csv) {
    return read(csv, row -> new Example.Text(row.text("text")));
  }

  public static Dataset pairs(Path csv) {
    return read(csv, row -> new Example.PromptCompletion(row.text("text") + "\n", answer(row)));
  }

  public static Dataset chats(Path csv) {
    return read(
        csv,
        row ->
            new Example.Chat(
                List.of(ChatMessage.user(row.text("text")), ChatMessage.assistant(answer(row)))));
  }

  private static Dataset read(Path csv, Function<Row, Example> rows) {
    if (!Files.exists(csv)) {
      throw new IllegalArgumentException(
          csv.toAbsolutePath()
              + " does not exist; name the training file of BANKING77 with --data");
    }
    return Datasets.read(csv).map(rows).open();
  }

  private static String answer(Row row) {
    return row.text("category").replace('_', ' ');
  }

  /** Returns the text that each row is tokenized as. */
  public static List<String> written(Dataset dataset, Path folder) {
    ChatTemplate template = ChatTemplate.find(folder).orElse(null);
    return IntStream.range(0, dataset.size())
        .mapToObj(row -> written(dataset.get(row), template))
        .toList();
  }

  private static String written(Example example, ChatTemplate template) {
    if (example instanceof Example.Text text) {
      return text.text();
    }
    if (example instanceof Example.PromptCompletion pair) {
      return pair.prompt() + pair.completion();
    }
    Example.Chat chat = (Example.Chat) example;
    return template.renderWithSpans(chat.messages(), ChatOptions.defaults()).text();
  }

  /** Creates an encoder with a tokenizer and the chat template in its folder. */
  public static ExampleEncoder encoder(Path folder, Tokenizer tokenizer) {
    ExampleEncoder.Builder encoder = ExampleEncoder.builder(tokenizer, MAX_LENGTH);
    ChatTemplate.find(folder).ifPresent(encoder::chatTemplate);
    return encoder.build();
  }
}
