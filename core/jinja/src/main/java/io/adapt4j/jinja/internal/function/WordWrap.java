package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.Run;
import io.adapt4j.jinja.internal.value.Text;
import io.adapt4j.jinja.internal.value.Values;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The filter wordwrap, which wraps each line like Python's textwrap. */
final class WordWrap {

  private static final String SPACE = "[\\t\\n\\x0b\\f\\r ]";
  private static final String NO_SPACE = "[^\\t\\n\\x0b\\f\\r ]";
  private static final String LETTER = "[\\p{L}\\p{M}_]";
  private static final String WORD_SIGN = "[\\w!\"'&.,?]";

  /** Places where a line may be broken: at spaces, after hyphens inside words, around dashes. */
  private static final Pattern CHUNK =
      Pattern.compile(
          SPACE
              + "+|(?<="
              + WORD_SIGN
              + ")-{2,}(?=\\w)|"
              + NO_SPACE
              + "+?(?:-(?:(?<="
              + LETTER
              + "{2}-)|(?<="
              + LETTER
              + "-"
              + LETTER
              + "-))(?="
              + LETTER
              + "-?"
              + LETTER
              + ")|(?="
              + SPACE
              + "|\\z)|(?<="
              + WORD_SIGN
              + ")(?=-{2,}\\w))",
          Pattern.UNICODE_CHARACTER_CLASS);

  private static final Pattern SIMPLE_CHUNK = Pattern.compile(SPACE + "+|" + NO_SPACE + "+");
  private static final int LONGEST_LINE = 20_000;

  /** The search for chunks can take the square of a line's length. */
  private static final int STEP_SQUARE = 64;

  private final int width;
  private final boolean breaksWords;
  private final boolean breaksHyphens;
  private final List<String> lines = new ArrayList<>();

  private WordWrap(int width, boolean breaksWords, boolean breaksHyphens) {
    this.width = width;
    this.breaksWords = breaksWords;
    this.breaksHyphens = breaksHyphens;
  }

  static Object wordwrap(Run run, Object value, Arguments arguments) {
    Object[] values =
        arguments.bind(
            "wordwrap", 0, "width", "break_long_words", "wrapstring", "break_on_hyphens");
    String text = Values.requireText("the value of wordwrap", value);
    int width = Values.size("width", FilterArguments.orElse(values[0], 79L));
    if (width <= 0) {
      throw new Fault("invalid width " + width + " (must be > 0)");
    }
    boolean breaksWords = Values.isTrue(FilterArguments.orElse(values[1], true));
    boolean breaksHyphens = Values.isTrue(FilterArguments.orElse(values[3], true));
    String separator =
        FilterArguments.isAbsent(values[2]) ? "\n" : Values.requireText("wrapstring", values[2]);
    List<String> wrapped = new ArrayList<>();
    for (Object line : Splits.lines(run, text, false)) {
      String paragraph = (String) line;
      if (paragraph.length() > LONGEST_LINE) {
        throw new Fault("wordwrap takes lines of at most " + LONGEST_LINE + " characters");
      }
      run.step(1 + (long) paragraph.length() * paragraph.length() / STEP_SQUARE);
      WordWrap wrap = new WordWrap(width, breaksWords, breaksHyphens);
      wrap.wrap(paragraph);
      wrapped.add(String.join(separator, wrap.lines));
    }
    return run.made(String.join(separator, wrapped));
  }

  private void wrap(String paragraph) {
    Deque<String> chunks = new ArrayDeque<>();
    Matcher matcher = (breaksHyphens ? CHUNK : SIMPLE_CHUNK).matcher(paragraph);
    while (matcher.find()) {
      chunks.add(matcher.group());
    }
    while (!chunks.isEmpty()) {
      line(chunks);
    }
  }

  private void line(Deque<String> chunks) {
    if (isSpace(chunks.element()) && !lines.isEmpty()) {
      chunks.remove();
    }
    List<String> line = new ArrayList<>();
    int length = 0;
    while (!chunks.isEmpty() && length + Text.length(chunks.element()) <= width) {
      length += Text.length(chunks.element());
      line.add(chunks.remove());
    }
    if (!chunks.isEmpty() && Text.length(chunks.element()) > width) {
      breakWord(chunks, line, length);
    }
    if (!line.isEmpty() && isSpace(line.get(line.size() - 1))) {
      line.remove(line.size() - 1);
    }
    if (!line.isEmpty()) {
      lines.add(String.join("", line));
    }
  }

  private void breakWord(Deque<String> chunks, List<String> line, int length) {
    int room = width - length;
    if (breaksWords) {
      String word = chunks.remove();
      int cut = room;
      int hyphen = lastHyphen(word, room);
      if (breaksHyphens && hyphen > 0) {
        cut = hyphen + 1;
      }
      line.add(Text.slice(word, 0, cut));
      chunks.push(Text.slice(word, cut, Text.length(word)));
    } else if (line.isEmpty()) {
      line.add(chunks.remove());
    }
  }

  /** Returns the last hyphen within the available width that follows anything but hyphens. */
  private static int lastHyphen(String word, int room) {
    String start = Text.slice(word, 0, room);
    int hyphen = Text.length(word) > room ? start.lastIndexOf('-') : -1;
    boolean found = hyphen > 0 && start.substring(0, hyphen).chars().anyMatch(c -> c != '-');
    return found ? start.codePointCount(0, hyphen) : -1;
  }

  private static boolean isSpace(String chunk) {
    return Text.isBlank(chunk);
  }
}
