package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Schema of rows: the meaning of their fields. A shape is recognized by field names; each field has
 * a name, which is preferred, and aliases. Other fields are ignored.
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
   * Alpaca: {@code instruction}, {@code output} (or {@code response}), and optionally {@code input}
   * (or {@code context}): becomes {@link Example.PromptCompletion} by {@link
   * PromptTemplate#ALPACA}.
   */
  INSTRUCTION(
      required("instruction"), required("output", "response"), optional("input", "context")),
  /**
   * A conversation in OpenAI's format: {@code messages} with {@code role} and {@code content} (also
   * {@code tool_calls} and the like), and optionally {@code tools}, and {@code images} (or {@code
   * image}) in the order of marks {@code <image>} or parts of type {@code image}: becomes {@link
   * Example.Chat}.
   */
  MESSAGES(required("messages"), optional("tools"), optional("images", "image")),
  /**
   * A conversation in ShareGPT's format: {@code conversations} with {@code from} and {@code value},
   * and optionally {@code system}, {@code tools} and {@code images} (or {@code image}): becomes
   * {@link Example.Chat}.
   */
  CONVERSATIONS(
      required("conversations", "conversation"),
      optional("system"),
      optional("tools"),
      optional("images", "image")),
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
   * Words with their classes: {@code tokens} (or {@code words}) and {@code tags} (or {@code
   * ner_tags}, {@code pos_tags}): becomes {@link Example.Tagged}.
   */
  TAGGED(required("tokens", "words"), required("tags", "ner_tags", "pos_tags")),
  /**
   * {@code query} (or {@code anchor}), {@code passage} (or {@code positive}), and optionally {@code
   * negatives} (or {@code negative}), a string or a list of strings: becomes {@link
   * Example.QueryPassage}.
   */
  QUERY_PASSAGE(
      required("query", "anchor"),
      required("passage", "positive"),
      optional("negatives", "negative")),
  /**
   * {@code audio}, a path or {@code {"path", "bytes"}} with bytes in base64 (or {@code file_name}
   * of a sound file), and {@code text} (or {@code transcription}, {@code sentence}, {@code
   * transcript}): becomes {@link Example.Recording}. Paths are relative to the file of the row.
   */
  RECORDING(
      required("audio", "file_name"), required("text", "transcription", "sentence", "transcript")),
  /**
   * {@code document} (or {@code article}, {@code dialogue}) and {@code summary} (or {@code
   * highlights}): becomes {@link Example.PromptCompletion} by {@link PromptTemplate#SUMMARY}.
   */
  SUMMARY(required("document", "article", "dialogue"), required("summary", "highlights")),
  /**
   * SQuAD: {@code question}, {@code answers} (or {@code answer}), and optionally {@code context}:
   * becomes {@link Example.PromptCompletion} with the first answer, by {@link
   * PromptTemplate#QUESTION}. Answers may be a string, a list of strings or of objects with a
   * {@code text}, or an object whose {@code text} is a list.
   */
  QUESTION_ANSWER(required("question"), required("answers", "answer"), optional("context")),
  /**
   * {@code chosen} and {@code rejected}, and optionally {@code prompt} (or {@code conversations},
   * {@code messages}): becomes {@link Example.Preference} for strings, {@link
   * Example.ChatPreference} for messages. Without a prompt, the common prefix is the prompt: whole
   * words of it, or in HH-RLHF everything up to the last {@code Assistant:}.
   */
  PREFERENCE(
      required("chosen"),
      required("rejected"),
      optional("prompt", "conversations", "messages"),
      optional("system")),
  /**
   * {@code prompt} only, with any further fields for rewards: a string becomes {@link
   * Example.Text}, which a policy continues; messages become {@link Example.ChatPrompt}. So do
   * {@code messages} and {@code conversations} without assistant messages; with them, a row read as
   * this shape becomes an {@link Example.Chat}.
   */
  PROMPT(required("prompt")),
  /**
   * {@code prompt}, {@code completion} (or {@code response}) and {@code label}, true for a good
   * completion: becomes {@link Example.UnpairedPreference} if the completion is a string, {@link
   * Example.ChatUnpairedPreference} if it is messages. Recognized if the label is true or false; if
   * this shape is set explicitly, 1 and 0 are accepted too.
   */
  UNPAIRED_PREFERENCE(
      required("prompt"),
      required("completion", "response"),
      required("label"),
      optional("system"));

  // Immutable: created by List.of, with records of such lists.
  @SuppressWarnings("ImmutableEnumChecker")
  private final List<Field> fields;

  Shape(Field... fields) {
    this.fields = List.of(fields);
  }

  /** A field of a shape: its name, followed by its aliases. */
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

  /** Recognizes the shape of a row; fails if there is none, or more than one. */
  static Shape recognise(ObjectNode row) throws RowProblem {
    List<Shape> fitting =
        new ArrayList<>(Arrays.stream(values()).filter(s -> s.fits(row)).toList());
    fitting.removeIf(shape -> fitting.stream().anyMatch(richer -> richer.saysMore(shape, row)));
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

  /** Returns the name of a field in a row: its name or an alias; its own name if it is missing. */
  String find(ObjectNode row, String name) {
    for (Field field : fields) {
      if (field.name().equals(name)) {
        List<String> found = field.in(row);
        return found.isEmpty() ? name : found.get(0);
      }
    }
    return name;
  }

  /** Returns the fields of a row that the shape does not use. */
  List<String> unknown(ObjectNode row) {
    if (this == PROMPT) {
      // Rewards may use any of them.
      return List.of();
    }
    List<String> used = fields.stream().map(field -> find(row, field.name())).toList();
    return names(row).stream().filter(name -> !used.contains(name)).toList();
  }

  private boolean fits(ObjectNode row) {
    return fields.stream().allMatch(field -> !field.required() || !field.in(row).isEmpty())
        && (this != UNPAIRED_PREFERENCE || PreferenceReader.isVerdict(row.path("label")))
        && (this != RECORDING || row.has("audio") || RowPictures.isSound(row.path("file_name")));
  }

  /** Returns whether this shape uses a strict superset of the fields that another uses. */
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
