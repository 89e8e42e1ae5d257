package io.adapt4j.studio.internal.exam;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Row;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.PlainJson;
import io.adapt4j.studio.internal.plan.PlanText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Rows that an exam asks: a sample of some data, copied so that the exam stays the same whatever
 * becomes of the data, and the task that is guessed from them.
 */
public final class ExamRows {

  private static final String ID = "id";
  private static final String PROMPT = "prompt";
  private static final String ANSWER = "answer";
  private static final String TEXT = "text";
  private static final String LABEL = "label";
  private static final String CHOICES = "choices";
  private static final String QUESTION = "question";

  private static final long SEED = 42;

  /** Longest value of a field that may group rows. */
  private static final int GROUP_LETTERS = 40;

  private static final int MOST_GROUPS = 12;
  private static final int SHORT_WORDS = 4;
  private static final int MOST_NEW_TOKENS = 256;

  private final List<ObjectNode> rows = new ArrayList<>();
  private final Set<String> ids = new HashSet<>();

  private ExamRows() {}

  /**
   * Takes rows at random, the same each time, in their order.
   *
   * @param understood whether the rows are examples; if not, their fields are taken as they are
   */
  public static ExamRows sample(Dataset all, int most, boolean understood) {
    return of(all, order(all).subList(0, Math.min(most, all.size())), understood);
  }

  /** Takes the rows that a sample of the same size leaves. */
  static ExamRows rest(Dataset all, int left, int most) {
    List<Integer> order = order(all);
    return of(all, order.subList(left, Math.min(order.size(), left + most)), true);
  }

  private static List<Integer> order(Dataset all) {
    List<Integer> order = new ArrayList<>(IntStream.range(0, all.size()).boxed().toList());
    Collections.shuffle(order, new Random(SEED));
    return order;
  }

  private static ExamRows of(Dataset all, List<Integer> chosen, boolean understood) {
    ExamRows rows = new ExamRows();
    chosen.stream().sorted().forEach(row -> rows.add(all, row, understood));
    return rows;
  }

  private void add(Dataset all, int row, boolean understood) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    String place = all.locate(row).replaceFirst("^.*[/\\\\]", "");
    node.put(ID, ids.add(place) ? place : place + " #" + rows.size());
    Optional<Row> source = all.source(row);
    if (understood && !put(node, all.get(row))) {
      return;
    }
    source.ifPresent(
        from ->
            from.fields().stream()
                .filter(name -> !node.has(name))
                .filter(name -> !understood || isGroup(node, from.value(name)))
                .forEach(name -> put(node, name, from.value(name))));
    rows.add(node);
  }

  private static void put(ObjectNode node, String name, @Nullable Object value) {
    if (value != null) {
      node.set(name, PlainJson.tree(value));
    }
  }

  /** Returns whether a value may group rows; the answer itself under another name does not. */
  private static boolean isGroup(ObjectNode node, @Nullable Object value) {
    return (value instanceof String text
            && text.length() <= GROUP_LETTERS
            && node.properties().stream()
                .noneMatch(each -> each.getValue().asText().equals(text.strip())))
        || value instanceof Number
        || value instanceof Boolean;
  }

  /** Puts the fields that a task asks; false if there is no question in the row. */
  private static boolean put(ObjectNode node, Example example) {
    if (example instanceof Example.PromptCompletion pair && !pair.completion().isBlank()) {
      node.put(PROMPT, pair.prompt()).put(ANSWER, pair.completion().strip());
    } else if (example instanceof Example.Chat chat) {
      return put(node, chat.messages());
    } else if (example instanceof Example.Classified one && one.labels().size() == 1) {
      node.put(TEXT, one.text()).put(LABEL, one.labels().get(0));
    } else if (example instanceof Example.Text text && !text.text().isBlank()) {
      node.put(TEXT, text.text());
    } else {
      return false;
    }
    return true;
  }

  /** Takes the first question of a conversation and its answer. */
  private static boolean put(ObjectNode node, List<ChatMessage> messages) {
    for (ChatMessage message : messages) {
      String text = String.valueOf(message.content()).strip();
      if (message.role().equals("user") && !node.has(PROMPT)) {
        node.put(PROMPT, text);
      } else if (message.role().equals("assistant") && node.has(PROMPT) && !text.isEmpty()) {
        node.put(ANSWER, text);
        return true;
      }
    }
    return false;
  }

  public int size() {
    return rows.size();
  }

  /** Writes the rows as JSON Lines. */
  public void write(Path file) throws IOException {
    StringBuilder text = new StringBuilder();
    rows.forEach(row -> text.append(Json.compact(row)).append('\n'));
    Disk.createFolders(file.getParent());
    AtomicFiles.writeText(file, text.toString());
  }

  /** Writes the rows as data to train on. */
  void writeToTrain(Path file) throws IOException {
    for (ObjectNode row : rows) {
      if (row.has(ANSWER)) {
        row.set("completion", row.remove(ANSWER));
      }
    }
    write(file);
  }

  /** Guesses the task that asks these rows, as YAML for a list of tasks. */
  public String task(String name, String path, boolean general, Map<String, String> meanings) {
    ObjectNode task = JsonNodeFactory.instance.objectNode().put("name", name);
    if (general) {
      task.put("general", true);
    }
    if (all(CHOICES) && all(ANSWER) && all(QUESTION)) {
      task.putObject(CHOICES)
          .put("path", path)
          .put(PROMPT, "Question: {question}\nAnswer:")
          .put(CHOICES, CHOICES)
          .put(ANSWER, ANSWER);
    } else if (all(TEXT) && all(LABEL)) {
      task.putObject("classes").put("path", path).put(PROMPT, "{text}\nClass:").put(LABEL, LABEL);
    } else if (all(TEXT)) {
      task.putObject("perplexity").put("path", path).put(TEXT, TEXT);
    } else {
      String prompt = column(PROMPT, meanings);
      String answer = all(ANSWER) ? ANSWER : column("completion", meanings);
      answers(task.putObject("answers").put("path", path), prompt, answer);
    }
    slices(task);
    StringBuilder text = new StringBuilder();
    PlanText.yaml(task).lines().forEach(line -> text.append("    ").append(line).append('\n'));
    return text.replace(2, 3, "-").toString();
  }

  private static String column(String meaning, Map<String, String> meanings) {
    return meanings.entrySet().stream()
        .filter(each -> each.getValue().equals(meaning))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(meaning);
  }

  private boolean all(String field) {
    return !rows.isEmpty() && rows.stream().allMatch(row -> row.has(field));
  }

  /** Short answers count by their words, long ones by the words that they share. */
  private void answers(ObjectNode task, String prompt, String answer) {
    List<String> answers = rows.stream().map(row -> row.path(answer).asText()).sorted().toList();
    int letters = answers.stream().mapToInt(String::length).max().orElse(0);
    long brief = answers.stream().filter(ExamRows::isBrief).count();
    task.put(PROMPT, "{" + prompt + "}").put(ANSWER, answer);
    task.put("metrics", 2 * brief >= answers.size() ? "squad" : "rouge");
    task.put("maxNewTokens", Math.min(MOST_NEW_TOKENS, 16 + letters / 2));
    if (answers.stream().noneMatch(text -> text.contains("\n"))) {
      task.put("stop", "\n");
    }
  }

  private static boolean isBrief(String answer) {
    return answer.split("\\s+", -1).length <= SHORT_WORDS;
  }

  /** Groups rows by fields with few values. */
  private void slices(ObjectNode task) {
    for (String kind : List.of("answers", CHOICES, "classes")) {
      if (task.path(kind) instanceof ObjectNode options && !rows.isEmpty()) {
        rows.get(0)
            .fieldNames()
            .forEachRemaining(
                field -> {
                  if (!List.of(ID, PROMPT, ANSWER, TEXT, LABEL).contains(field) && groups(field)) {
                    options.withArray("slices").add(field);
                  }
                });
      }
    }
  }

  private boolean groups(String field) {
    Set<JsonNode> values = new HashSet<>();
    rows.forEach(row -> values.add(row.path(field)));
    return all(field)
        && values.size() > 1
        && values.size() <= Math.min(MOST_GROUPS, rows.size() / 4)
        && values.stream().noneMatch(JsonNode::isContainerNode);
  }
}
