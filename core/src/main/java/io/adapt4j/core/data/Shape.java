package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What the fields of a row mean. A shape is recognised from the names of the fields; each field has
 * a name and other names it is known by, and its own name is preferred. Fields that a shape does
 * not know are left aside.
 */
public enum Shape {
  /** {@code text}, or {@code content}: becomes {@link Example.Text}. */
  TEXT(required("text", "content")),
  /**
   * {@code prompt} and {@code completion} (or {@code response}): becomes {@link
   * Example.PromptCompletion}.
   */
  PROMPT_COMPLETION(required("prompt"), required("completion", "response")),
  /**
   * Alpaca: {@code instruction}, {@code output} (or {@code response}), and perhaps {@code input}
   * (or {@code context}): becomes {@link Example.PromptCompletion} by {@link
   * PromptTemplate#ALPACA}.
   */
  INSTRUCTION(
      required("instruction"), required("output", "response"), optional("input", "context")),
  /**
   * A conversation as OpenAI has it: {@code messages} with {@code role} and {@code content} (also
   * {@code tool_calls} and the like), and perhaps {@code tools}: becomes {@link Example.Chat}.
   */
  MESSAGES(required("messages"), optional("tools")),
  /**
   * A conversation as ShareGPT has it: {@code conversations} with {@code from} and {@code value},
   * and perhaps {@code system} and {@code tools}: becomes {@link Example.Chat}.
   */
  CONVERSATIONS(required("conversations", "conversation"), optional("system"), optional("tools")),
  /**
   * {@code text} (or {@code sentence}, {@code sentence1}, {@code premise}), {@code label} (or
   * {@code labels}, {@code category}, {@code intent}, {@code class}), and for a pair {@code
   * text_pair} (or {@code sentence2}, {@code hypothesis}): becomes {@link Example.Classified}.
   */
  CLASSIFICATION(
      required("text", "sentence", "sentence1", "premise"),
      required("label", "labels", "category", "intent", "class"),
      optional("text_pair", "sentence2", "hypothesis")),
  /**
   * Words and their classes: {@code tokens} (or {@code words}) and {@code tags} (or {@code
   * ner_tags}, {@code pos_tags}): becomes {@link Example.Tagged}.
   */
  TAGGED(required("tokens", "words"), required("tags", "ner_tags", "pos_tags")),
  /**
   * {@code query} (or {@code anchor}), {@code passage} (or {@code positive}), and perhaps {@code
   * negatives} (or {@code negative}), a text or a list of texts: becomes {@link
   * Example.QueryPassage}.
   */
  QUERY_PASSAGE(
      required("query", "anchor"),
      required("passage", "positive"),
      optional("negatives", "negative")),
  /**
   * {@code document} (or {@code article}, {@code dialogue}) and {@code summary} (or {@code
   * highlights}): becomes {@link Example.PromptCompletion} by {@link PromptTemplate#SUMMARY}.
   */
  SUMMARY(required("document", "article", "dialogue"), required("summary", "highlights")),
  /**
   * SQuAD: {@code question}, {@code answers} (or {@code answer}), and perhaps {@code context}:
   * becomes {@link Example.PromptCompletion} with the first answer, by {@link
   * PromptTemplate#QUESTION}. Answers may be a text, a list of texts or of objects with a {@code
   * text}, or an object whose {@code text} is a list.
   */
  QUESTION_ANSWER(required("question"), required("answers", "answer"), optional("context")),
  /**
   * {@code chosen} and {@code rejected}, and perhaps {@code prompt} (or {@code conversations},
   * {@code messages}): becomes {@link Example.Preference} where they are texts, {@link
   * Example.ChatPreference} where they are messages. Without a prompt, what both begin with is the
   * prompt: whole words of it, or in texts of HH-RLHF all up to the last {@code Assistant:}.
   */
  PREFERENCE(
      required("chosen"),
      required("rejected"),
      optional("prompt", "conversations", "messages"),
      optional("system")),
  /**
   * {@code prompt} alone, with whatever fields rewards read: a text becomes {@link Example.Text},
   * which is what a policy continues, messages become {@link Example.ChatPrompt}. So do {@code
   * messages} and {@code conversations} in which the assistant says nothing; where it does, a row
   * that is read as this shape is an {@link Example.Chat}.
   */
  PROMPT(required("prompt")),
  /**
   * {@code prompt}, {@code completion} (or {@code response}) and {@code label}, true for a good
   * completion: becomes {@link Example.UnpairedPreference} where the completion is a text, {@link
   * Example.ChatUnpairedPreference} where it is messages. Recognised where the label is true or
   * false; a stated shape takes 1 and 0 too.
   */
  UNPAIRED_PREFERENCE(
      required("prompt"),
      required("completion", "response"),
      required("label"),
      optional("system"));

  // Made by List.of, of records that hold such lists.
  @SuppressWarnings("ImmutableEnumChecker")
  private final List<Field> fields;

  Shape(Field... fields) {
    this.fields = List.of(fields);
  }

  /** A field of a shape: its names, its own first. */
  private record Field(boolean required, List<String> names) {

    String name() {
      return names.get(0);
    }

    List<String> in(ObjectNode row) {
      return names.stream().filter(row::has).toList();
    }
  }

  private static Field required(String... names) {
    return new Field(true, List.of(names));
  }

  private static Field optional(String... names) {
    return new Field(false, List.of(names));
  }

  /** The shape of a row; a problem if there is none, or more than one. */
  static Shape recognise(ObjectNode row) throws RowProblem {
    List<Shape> fitting =
        new ArrayList<>(Arrays.stream(values()).filter(s -> s.fits(row)).toList());
    fitting.removeIf(shape -> fitting.stream().anyMatch(other -> other.saysMore(shape, row)));
    if (fitting.size() != 1) {
      throw new RowProblem(
          (fitting.isEmpty()
                  ? "the fields " + names(row) + " are of no known shape"
                  : "the fields " + names(row) + " are of several shapes: " + fitting)
              + ". State the shape, map fields to the names of one, or read rows with a function."
              + " Known are:"
              + Arrays.stream(values())
                  .map(shape -> "\n    " + shape.describe())
                  .collect(Collectors.joining())
              + hint(row));
    }
    Shape shape = Conversations.isPrompt(row, fitting.get(0)) ? PROMPT : fitting.get(0);
    for (Field field : shape.fields) {
      List<String> found = field.in(row);
      if (found.size() > 1 && !row.has(field.name())) {
        throw new RowProblem(
            "the fields %s could each be the '%s' of %s. Map one of them to '%s'."
                .formatted(found, field.name(), shape, field.name()));
      }
    }
    return shape;
  }

  /** The field of a row that has one of the names of a field; its own name if there is none. */
  String find(ObjectNode row, String name) {
    for (Field field : fields) {
      if (field.name().equals(name)) {
        List<String> found = field.in(row);
        return found.isEmpty() ? name : found.get(0);
      }
    }
    return name;
  }

  /** The fields of a row that the shape does not know. */
  List<String> unknown(ObjectNode row) {
    if (this == PROMPT) {
      // Rewards may read any of them.
      return List.of();
    }
    List<String> used = fields.stream().map(field -> find(row, field.name())).toList();
    return names(row).stream().filter(name -> !used.contains(name)).toList();
  }

  private boolean fits(ObjectNode row) {
    return fields.stream().allMatch(field -> !field.required() || !field.in(row).isEmpty())
        && (this != UNPAIRED_PREFERENCE || PreferenceReader.isVerdict(row.path("label")));
  }

  /** Whether this shape explains every field that another does, and more. */
  private boolean saysMore(Shape other, ObjectNode row) {
    List<String> mine = explained(row);
    List<String> others = other.explained(row);
    return mine.size() > others.size() && mine.containsAll(others);
  }

  private List<String> explained(ObjectNode row) {
    return fields.stream().flatMap(field -> field.in(row).stream()).toList();
  }

  private String describe() {
    return this
        + ": "
        + fields.stream()
            .map(field -> (field.required() ? "" : "perhaps ") + String.join("|", field.names()))
            .collect(Collectors.joining(", "));
  }

  private static List<String> names(ObjectNode row) {
    List<String> names = new ArrayList<>();
    row.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private static String hint(ObjectNode row) {
    List<String> names = names(row);
    boolean other = names.size() == 1 && names.get(0).matches(".*[;|\t,].*");
    return other ? "\n  The only column looks like several: state another delimiter." : "";
  }
}
