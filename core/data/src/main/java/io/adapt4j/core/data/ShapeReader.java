package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reader of the rows of a shape.
 *
 * @param template template of prompts; null for the shape's own
 * @param noAnswer the completion of a question without answers; null to reject such rows
 * @param system the system message of these; null for none
 */
record ShapeReader(
    Shape shape,
    @Nullable PromptTemplate template,
    @Nullable String noAnswer,
    boolean asChat,
    @Nullable String system)
    implements ExampleReader {

  /** Template of a user message; the chat template adds the rest. */
  private static final PromptTemplate INSTRUCTION_TURN =
      PromptTemplate.of("{instruction}\n\n{input}", "{instruction}");

  private static final PromptTemplate SUMMARY_TURN =
      PromptTemplate.of("Summarize the following text.\n\n{document}");
  private static final PromptTemplate QUESTION_TURN =
      PromptTemplate.of("{context}\n\n{question}", "{question}");

  @Override
  public Example read(ObjectNode row) throws RowProblem {
    return switch (shape) {
      case TEXT -> new Example.Text(content(row, "text", false));
      case PROMPT_COMPLETION ->
          pair(
              template == null ? content(row, "prompt", true) : prompt(row, template),
              content(row, "completion", false));
      case INSTRUCTION ->
          pair(prompt(row, PromptTemplate.ALPACA, INSTRUCTION_TURN), content(row, "output", false));
      case SUMMARY ->
          pair(prompt(row, PromptTemplate.SUMMARY, SUMMARY_TURN), content(row, "summary", false));
      case QUESTION_ANSWER ->
          pair(prompt(row, PromptTemplate.QUESTION, QUESTION_TURN), answer(row));
      case MESSAGES, CONVERSATIONS -> Conversations.chat(row, shape);
      case CLASSIFICATION -> classified(row);
      case TAGGED -> tagged(row);
      case QUERY_PASSAGE -> queryPassage(row);
      case RECORDING ->
          RowPictures.recording(row, shape.find(row, "audio"), content(row, "text", false));
      case PREFERENCE, UNPAIRED_PREFERENCE -> new PreferenceReader(shape, asChat, system).read(row);
      case PROMPT -> prompt(row);
    };
  }

  private Example pair(String prompt, String completion) throws RowProblem {
    return asChat
        ? Conversations.turn(system, prompt, completion)
        : new Example.PromptCompletion(prompt, completion);
  }

  private Example prompt(ObjectNode row) throws RowProblem {
    String field = Conversations.promptField(row);
    if (row.path(field).isContainerNode() || !field.equals("prompt")) {
      return Conversations.prompt(row);
    }
    String prompt = content(row, field, false);
    return asChat ? Conversations.prompt(row, system, prompt) : new Example.Text(prompt);
  }

  private String prompt(ObjectNode row, PromptTemplate usual, PromptTemplate turn)
      throws RowProblem {
    return prompt(row, template != null ? template : asChat ? turn : usual);
  }

  private String prompt(ObjectNode row, PromptTemplate used) throws RowProblem {
    try {
      return PlainReader.requireContent(
          "prompt", used.render(name -> text(row.path(shape.find(row, name)))), true);
    } catch (IllegalArgumentException e) {
      throw new RowProblem(e.getMessage() + ". Fill the fields or change the template.");
    }
  }

  private String content(ObjectNode row, String field, boolean mayBeEmpty) throws RowProblem {
    return PlainReader.content(row, shape.find(row, field), mayBeEmpty);
  }

  private static @Nullable String text(JsonNode value) {
    return value.isValueNode() && !value.isNull() ? value.asText() : null;
  }

  private String answer(ObjectNode row) throws RowProblem {
    String field = shape.find(row, "answers");
    JsonNode value = row.path(field);
    if (value.isObject()) {
      value = value.path("text");
    }
    if (value.isArray()) {
      value = value.isEmpty() ? row.nullNode() : value.get(0);
    }
    if (value.isObject()) {
      value = value.path("text");
    }
    if (value.isNull() && noAnswer != null) {
      return noAnswer;
    }
    if (!value.isTextual()) {
      throw new RowProblem(
          ("field '%s': expected an answer, found %s. Remove the row, or state what to answer"
                  + " where there is no answer.")
              .formatted(field, RowProblem.quote(row.path(field))));
    }
    return PlainReader.requireContent(field, value.textValue(), false);
  }

  private Example classified(ObjectNode row) throws RowProblem {
    String text = content(row, "text", false);
    Optional<String> pair =
        row.hasNonNull(shape.find(row, "text_pair"))
            ? Optional.of(content(row, "text_pair", false))
            : Optional.empty();
    String field = shape.find(row, "label");
    JsonNode value = row.path(field);
    List<String> labels = new ArrayList<>();
    if (value.isArray()) {
      for (JsonNode label : value) {
        labels.add(label(field, label));
      }
    } else {
      labels.add(label(field, value));
    }
    try {
      return new Example.Classified(text, pair, labels);
    } catch (IllegalArgumentException e) {
      throw new RowProblem("field '" + field + "': " + e.getMessage() + ".");
    }
  }

  private Example tagged(ObjectNode row) throws RowProblem {
    List<String> tokens = list(row, shape.find(row, "tokens"));
    List<String> tags = list(row, shape.find(row, "tags"));
    try {
      return new Example.Tagged(tokens, tags);
    } catch (IllegalArgumentException e) {
      throw new RowProblem(e.getMessage() + ".");
    }
  }

  private Example queryPassage(ObjectNode row) throws RowProblem {
    String query = content(row, "query", false);
    String passage = content(row, "passage", false);
    String field = shape.find(row, "negatives");
    JsonNode value = row.path(field);
    List<String> negatives =
        value.isArray()
            ? list(row, field)
            : row.hasNonNull(field) ? List.of(label(field, value)) : List.of();
    try {
      return new Example.QueryPassage(query, passage, negatives);
    } catch (IllegalArgumentException e) {
      throw new RowProblem("field '" + field + "': " + e.getMessage() + ".");
    }
  }

  private static List<String> list(ObjectNode row, String field) throws RowProblem {
    JsonNode value = row.path(field);
    if (!value.isArray()) {
      throw new RowProblem(
          "field '" + field + "': expected a list, found " + RowProblem.quote(value) + ".");
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode node : value) {
      texts.add(label(field, node));
    }
    return texts;
  }

  private static String label(String field, JsonNode value) throws RowProblem {
    String label = text(value);
    if (label == null || label.isBlank()) {
      throw new RowProblem(
          "field '" + field + "': expected a label, found " + RowProblem.quote(value) + ".");
    }
    RowProblem.requireUnicode(field, label);
    return label;
  }
}
