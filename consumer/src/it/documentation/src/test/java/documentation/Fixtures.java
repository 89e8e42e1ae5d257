package documentation;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.lora.Lora;
import java.io.IOException;
import java.lang.reflect.Parameter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;

/** The files that the pages speak of, small, and the values that their snippets take as given. */
final class Fixtures implements AutoCloseable {

  private static final List<String> MODELS =
      List.of("my-llama", "SmolLM2-135M", "SmolLM2-135M-Instruct", "assistant");

  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  /** Leaves nothing of what another snippet wrote. */
  Fixtures() throws IOException {
    for (String written : List.of("runs", "index")) {
      delete(Path.of(written));
    }
  }

  /** Writes the files into the working directory. */
  static void create(Path root) throws IOException {
    for (String name : MODELS) {
      copy(root.resolve("examples/models/stories260K"), Path.of("models", name));
    }
    StringBuilder support = new StringBuilder();
    StringBuilder csv = new StringBuilder("customer;question;reply\n");
    StringBuilder pairs = new StringBuilder();
    StringBuilder chats = new StringBuilder();
    StringBuilder questions = new StringBuilder();
    StringBuilder facts = new StringBuilder();
    StringBuilder exam = new StringBuilder();
    StringBuilder intents = new StringBuilder("text,label\n");
    for (int i = 0; i < 60; i++) {
      String question = "Where is parcel number " + i + "?";
      String answer = "Parcel " + i + " is in the post office of town " + i % 7 + ".";
      support.append(json("prompt", question, "completion", answer));
      csv.append(i % 9).append(';').append(question).append(';').append(answer).append('\n');
      chats.append(
          "{\"messages\":[{\"role\":\"user\",\"content\":\"%s\"},{\"role\":\"assistant\",\"content\":\"%s\"}]}%n"
              .formatted(question, answer));
      pairs.append(json("prompt", question, "chosen", answer, "rejected", "No idea " + i + "."));
      questions.append(json("prompt", question, "answer", Integer.toString(i)));
      facts.append(
          json("text", answer, "country", "country " + i % 5, "source", "sheet " + i % 12));
      exam.append(
          "{\"question\":\"%s\",\"reply\":\"%s\",\"choices\":[\"%s\",\"Nobody knows.\"],\"answer\":0}%n"
              .formatted(question, answer, answer));
      intents.append(question).append(',').append(i % 2 == 0 ? "even" : "odd").append('\n');
    }
    write("support.jsonl", support);
    write("support.csv", csv);
    write("earlier.jsonl", support);
    write("pairs.jsonl", pairs);
    write("chats.jsonl", chats);
    write("questions.jsonl", questions);
    write(
        "solved.jsonl",
        "{\"question\":\"%s\",\"reply\":\"%s\"}%n"
            .repeat(2)
            .formatted("2 and 2?", "4", "3 and 3?", "6"));
    write("more.yaml", "choices: {path: exam.jsonl, choices: choices, answer: answer}\n");
    write(
        "mmlu/test/towns_test.csv", "Where is parcel 1?,town 1,town 2,town 3,town 4,A\n".repeat(8));
    write("mmlu/dev/towns_dev.csv", "Where is parcel 2?,town 1,town 2,town 3,town 4,B\n".repeat(8));
    write("facts.jsonl", facts);
    write("exam.jsonl", exam);
    write("intents.csv", intents);
    write(
        "handbook/returns.md",
        "# Returns\n\nYou may return an item within 30 days. Keep the receipt.\n");
    write("handbook/delivery.md", "# Delivery\n\nParcels arrive within three working days.\n");
    write("manuals/pump.txt", "Turn the pump off before you open it. ".repeat(200));
  }

  /** Returns what a snippet takes as given under a parameter's type and name. */
  Object value(Parameter parameter) {
    Object value = make(parameter.getType(), parameter.getName());
    if (value instanceof AutoCloseable closeable) {
      open.push(closeable);
    }
    return value;
  }

  private static Object make(Class<?> type, String name) {
    Path folder = Path.of("models/my-llama");
    if (type == LanguageModel.class) {
      return LanguageModel.load(ModelSource.path(folder));
    } else if (type == ModelSource.class) {
      return ModelSource.path(folder);
    } else if (type == Dataset.class) {
      return Datasets.read(Path.of("facts.jsonl")).open();
    } else if (type == FineTuner.class) {
      return FineTuner.builder()
          .model(ModelSource.path(folder))
          .dataset(Datasets.read(Path.of("support.jsonl")).open())
          .method(Lora.rank(4))
          .output(Path.of("runs/given"))
          .build();
    } else if (type == Path.class && name.equals("folder")) {
      return folder;
    }
    throw new IllegalArgumentException("nothing to give for " + type.getName() + " " + name);
  }

  @Override
  public void close() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }

  private static String json(String... fields) {
    StringBuilder row = new StringBuilder();
    for (int i = 0; i < fields.length; i += 2) {
      row.append(i == 0 ? "{" : ",");
      row.append('"').append(fields[i]).append("\":\"").append(fields[i + 1]).append('"');
    }
    return row.append("}\n").toString();
  }

  private static void write(String name, CharSequence text) throws IOException {
    Path file = Path.of(name);
    if (file.getParent() != null) {
      Files.createDirectories(file.getParent());
    }
    Files.writeString(file, text);
  }

  private static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(file.getFileName());
        if (Files.notExists(target)) {
          Files.copy(file, target);
        }
      }
    }
  }
}
