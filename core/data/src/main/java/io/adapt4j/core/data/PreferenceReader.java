package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads paired and unpaired preferences.
 *
 * @param system the system message of these; null for none
 */
record PreferenceReader(Shape shape, boolean asChat, @Nullable String system)
    implements ExampleReader {

  /** Turn markers of HH-RLHF (Bai et al. 2022), which stores a conversation as one text. */
  private static final String HUMAN = "\n\nHuman:";

  private static final String ASSISTANT = "\n\nAssistant:";

  private static final Pattern TURN =
      Pattern.compile(
          "\n\n(Human|Assistant):(.*?)(?=\n\n(?:Human|Assistant):|\\z)", Pattern.DOTALL);

  @Override
  public Example read(ObjectNode row) throws RowProblem {
    return shape == Shape.PREFERENCE ? paired(row) : unpaired(row);
  }

  /** Returns the problem of two equal completions. */
  static RowProblem alike() {
    return new RowProblem(
        "expected a chosen completion that differs from the rejected one, found them alike. Remove"
            + " the row.");
  }

  private Example paired(ObjectNode row) throws RowProblem {
    if (row.path("chosen").isContainerNode()) {
      return Conversations.preference(row, shape);
    }
    String chosen = PlainReader.content(row, "chosen", false);
    String rejected = PlainReader.content(row, "rejected", false);
    if (chosen.equals(rejected)) {
      throw alike();
    }
    String field = shape.find(row, "prompt");
    if (row.hasNonNull(field)) {
      String prompt = PlainReader.content(row, field, true);
      return asChat
          ? Conversations.preference(turn(prompt, chosen), turn(prompt, rejected))
          : new Example.Preference(prompt, chosen, rejected);
    }
    if (asChat && chosen.startsWith(HUMAN) && rejected.startsWith(HUMAN)) {
      return Conversations.preference(turns(chosen), turns(rejected));
    }
    int length = sharedPrompt(chosen, rejected);
    String prompt = chosen.substring(0, length);
    String better = PlainReader.requireContent("chosen", chosen.substring(length), false);
    String worse = PlainReader.requireContent("rejected", rejected.substring(length), false);
    return asChat
        ? Conversations.preference(
            turn(prompt.strip(), better.strip()), turn(prompt.strip(), worse.strip()))
        : new Example.Preference(prompt, better, worse);
  }

  private List<ChatMessage> turn(String prompt, String completion) {
    List<ChatMessage> messages = instructions();
    messages.add(ChatMessage.user(prompt));
    messages.add(ChatMessage.assistant(completion));
    return messages;
  }

  private List<ChatMessage> turns(String text) {
    List<ChatMessage> messages = instructions();
    for (MatchResult turn : TURN.matcher(text).results().toList()) {
      String said = turn.group(2).strip();
      messages.add(
          turn.group(1).equals("Human") ? ChatMessage.user(said) : ChatMessage.assistant(said));
    }
    return messages;
  }

  private List<ChatMessage> instructions() {
    List<ChatMessage> messages = new ArrayList<>();
    if (system != null) {
      messages.add(ChatMessage.system(system));
    }
    return messages;
  }

  /** Returns the length of the prompt that two texts share. */
  static int sharedPrompt(String chosen, String rejected) {
    int shared = 0;
    int most = Math.min(chosen.length(), rejected.length());
    while (shared < most && chosen.charAt(shared) == rejected.charAt(shared)) {
      shared++;
    }
    if (chosen.startsWith(HUMAN)) {
      int turn = chosen.substring(0, shared).lastIndexOf(ASSISTANT);
      if (turn >= 0) {
        return turn + ASSISTANT.length();
      }
    }
    // Neither completion may be empty.
    shared = Math.min(shared, most - 1);
    while (shared > 0 && (isInside(chosen, shared) || isInside(rejected, shared))) {
      shared--;
    }
    // A space belongs to the following word, as for tokenizers.
    return shared > 0 && chosen.charAt(shared - 1) == ' ' ? shared - 1 : shared;
  }

  /** Returns whether a position is inside a word or a surrogate pair. */
  private static boolean isInside(String text, int at) {
    char before = text.charAt(at - 1);
    char after = text.charAt(at);
    return Character.isLowSurrogate(after)
        || (Character.isLetterOrDigit(before) && Character.isLetterOrDigit(after));
  }

  private Example unpaired(ObjectNode row) throws RowProblem {
    boolean desirable = verdict(row.path("label"));
    String field = shape.find(row, "completion");
    boolean texts = row.path(field).isTextual() && row.path("prompt").isTextual();
    if (asChat && texts) {
      List<ChatMessage> messages =
          turn(PlainReader.content(row, "prompt", false), PlainReader.content(row, field, false));
      int last = messages.size() - 1;
      return new Example.ChatUnpairedPreference(
          messages.subList(0, last), messages.subList(last, last + 1), desirable);
    }
    return texts
        ? new Example.UnpairedPreference(
            PlainReader.content(row, "prompt", true),
            PlainReader.content(row, field, false),
            desirable)
        : Conversations.unpaired(row, shape, desirable);
  }

  /** Returns whether a label is true or false. */
  static boolean isVerdict(JsonNode label) {
    return label.isBoolean() || (label.isTextual() && label.asText().matches("(?i)true|false"));
  }

  private static boolean verdict(JsonNode label) throws RowProblem {
    String written = label.asText();
    if (isVerdict(label)) {
      return Boolean.parseBoolean(written);
    }
    if (written.equals("1") || written.equals("0")) {
      return written.equals("1");
    }
    throw new RowProblem(
        "field 'label': expected true for a good completion or false for a bad one, found "
            + RowProblem.quote(label)
            + ". Read the rows as PROMPT_COMPLETION if the label is something else.");
  }
}
