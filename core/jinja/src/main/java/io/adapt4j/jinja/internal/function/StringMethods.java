package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Callable;
import io.adapt4j.jinja.internal.value.Cases;
import io.adapt4j.jinja.internal.value.Fault;
import io.adapt4j.jinja.internal.value.Repr;
import io.adapt4j.jinja.internal.value.Run;
import io.adapt4j.jinja.internal.value.Text;
import io.adapt4j.jinja.internal.value.Tuple;
import io.adapt4j.jinja.internal.value.Values;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** The methods of Python's strings. */
final class StringMethods {

  /** A method of a string. */
  interface Method {
    Object call(Run run, String self, Arguments arguments);
  }

  private static final Map<String, Method> ALL = new HashMap<>();

  private static final Set<String> UNSUPPORTED =
      Set.of("encode", "expandtabs", "format_map", "isidentifier", "maketrans", "translate");

  static {
    addCases();
    addPredicates();
    addStrips();
    StringSearches.addTo(ALL);
    addSplits();
    addPaddings();
    ALL.put("join", StringMethods::join);
    ALL.put("replace", StringMethods::replace);
    ALL.put("format", BraceFormat::format);
  }

  private StringMethods() {}

  /** Returns null if there is no such method. */
  static Callable find(String self, String name) {
    if (UNSUPPORTED.contains(name)) {
      throw Fault.unsupported("the method '" + name + "' of str");
    }
    Method method = ALL.get(name);
    return method == null ? null : (run, arguments) -> method.call(run, self, arguments);
  }

  private static void addCases() {
    simple("upper", Cases::upper);
    simple("lower", Cases::lower);
    simple("casefold", Cases::foldCase);
    simple("title", Cases::title);
    simple("capitalize", Cases::capitalize);
    simple("swapcase", Cases::swap);
  }

  private static void simple(String name, UnaryOperator<String> function) {
    ALL.put(
        name,
        (run, self, arguments) -> {
          arguments.bindPositional(name, 0);
          run.make(self.length());
          return function.apply(self);
        });
  }

  private static void addPredicates() {
    everyCharacter("isalpha", Character::isLetter);
    everyCharacter("isdigit", Cases::isDigit);
    everyCharacter("isdecimal", c -> Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER);
    everyCharacter("isnumeric", Cases::isNumeric);
    everyCharacter("isalnum", c -> Character.isLetter(c) || Cases.isNumeric(c));
    everyCharacter("isspace", Text::isSpace);
    predicate("isupper", Cases::isUpper);
    predicate("islower", Cases::isLower);
    predicate("istitle", Cases::isTitle);
    predicate("isascii", text -> text.chars().allMatch(c -> c < 128));
    predicate("isprintable", text -> text.codePoints().allMatch(Repr::isPrintable));
  }

  private static void everyCharacter(String name, IntPredicate character) {
    predicate(name, text -> !text.isEmpty() && text.codePoints().allMatch(character));
  }

  private static void predicate(String name, Predicate<String> test) {
    ALL.put(
        name,
        (run, self, arguments) -> {
          arguments.bindPositional(name, 0);
          run.work(self.length());
          return test.test(self);
        });
  }

  private static void addStrips() {
    strip("strip", true, true);
    strip("lstrip", true, false);
    strip("rstrip", false, true);
    ALL.put(
        "removeprefix",
        (run, self, arguments) -> {
          String prefix = text(arguments.bindPositional("removeprefix", 1, "prefix")[0]);
          run.make(self.length());
          return self.startsWith(prefix) ? self.substring(prefix.length()) : self;
        });
    ALL.put(
        "removesuffix",
        (run, self, arguments) -> {
          String suffix = text(arguments.bindPositional("removesuffix", 1, "suffix")[0]);
          run.make(self.length());
          return self.endsWith(suffix) ? self.substring(0, self.length() - suffix.length()) : self;
        });
  }

  private static void strip(String name, boolean start, boolean end) {
    ALL.put(
        name,
        (run, self, arguments) -> {
          Object characters = arguments.bindPositional(name, 0, "chars")[0];
          return strip(run, self, characters, start, end);
        });
  }

  /** Strips some characters from the ends of a text; null or missing for white space. */
  static String strip(Run run, String text, Object characters, boolean start, boolean end) {
    if (characters == Arguments.MISSING || characters == null) {
      run.make(text.length());
      String from = start ? Text.stripStart(text) : text;
      return end ? Text.stripEnd(from) : from;
    }
    String set = text(characters);
    run.step((long) Math.min(text.length(), 1 << 20) * (1 + set.length() / 16) / 16);
    String from = start ? Text.stripStart(text, set) : text;
    return end ? Text.stripEnd(from, set) : from;
  }

  private static void addSplits() {
    ALL.put(
        "split",
        (run, self, arguments) -> {
          Object[] values = arguments.bind("split", 0, "sep", "maxsplit");
          return Splits.split(run, self, separator(values[0]), limit(values[1]));
        });
    ALL.put(
        "rsplit",
        (run, self, arguments) -> {
          Object[] values = arguments.bind("rsplit", 0, "sep", "maxsplit");
          return Splits.splitFromEnd(run, self, separator(values[0]), limit(values[1]));
        });
    ALL.put(
        "splitlines",
        (run, self, arguments) -> {
          Object keep = arguments.bind("splitlines", 0, "keepends")[0];
          return Splits.lines(run, self, keep != Arguments.MISSING && Values.isTrue(keep));
        });
    ALL.put("partition", (run, self, arguments) -> partition(run, self, arguments, false));
    ALL.put("rpartition", (run, self, arguments) -> partition(run, self, arguments, true));
  }

  private static String separator(Object value) {
    if (value == Arguments.MISSING || value == null) {
      return null;
    }
    String separator = text(value);
    if (separator.isEmpty()) {
      throw new Fault("empty separator");
    }
    return separator;
  }

  private static int limit(Object value) {
    return value == Arguments.MISSING ? -1 : Values.size("maxsplit", value);
  }

  private static Tuple partition(Run run, String self, Arguments arguments, boolean last) {
    String separator = separator(text(arguments.bindPositional("partition", 1, "sep")[0]));
    run.make(self.length());
    run.search(self, separator);
    int at = last ? self.lastIndexOf(separator) : self.indexOf(separator);
    if (at < 0) {
      return new Tuple(last ? List.of("", "", self) : List.of(self, "", ""));
    }
    return new Tuple(
        List.of(self.substring(0, at), separator, self.substring(at + separator.length())));
  }

  private static void addPaddings() {
    padding("ljust", 0, 1);
    padding("rjust", 1, 0);
    padding("center", 1, 1);
    ALL.put(
        "zfill",
        (run, self, arguments) -> {
          int width = Values.size("width", arguments.bindPositional("zfill", 1, "width")[0]);
          boolean signed = self.startsWith("+") || self.startsWith("-");
          String sign = signed ? self.substring(0, 1) : "";
          int missing = Math.max(0, width - Text.length(self));
          run.make((long) self.length() + missing);
          return sign + "0".repeat(missing) + self.substring(sign.length());
        });
  }

  private static void padding(String name, int before, int after) {
    ALL.put(
        name,
        (run, self, arguments) -> {
          Object[] values = arguments.bindPositional(name, 1, "width", "fillchar");
          String fill = values[1] == Arguments.MISSING ? " " : text(values[1]);
          if (Text.length(fill) != 1) {
            throw new Fault("The fill character must be exactly one character long");
          }
          return pad(run, self, Values.size("width", values[0]), fill, before, after);
        });
  }

  private static String pad(Run run, String text, int width, String fill, int before, int after) {
    int missing = Math.max(0, width - Text.length(text));
    run.make(text.length() + (long) missing * fill.length());
    // Python puts the odd character of a centered text before it if the width is odd.
    int left = before == 0 ? 0 : after == 0 ? missing : missing / 2 + (missing & width & 1);
    return fill.repeat(left) + text + fill.repeat(missing - left);
  }

  static String center(Run run, String text, int width) {
    return pad(run, text, width, " ", 1, 1);
  }

  private static String join(Run run, String self, Arguments arguments) {
    Iterator<Object> items =
        Values.iterate(run, arguments.bindPositional("join", 1, "iterable")[0]);
    StringBuilder joined = new StringBuilder();
    for (int i = 0; items.hasNext(); i++) {
      Object item = items.next();
      if (!Values.isText(item)) {
        throw new Fault(
            "sequence item " + i + ": expected str instance, " + Values.typeName(item) + " found");
      }
      String piece = (i == 0 ? "" : self) + Values.text(item);
      run.grow(joined.length(), piece.length());
      joined.append(piece);
    }
    return joined.toString();
  }

  private static String replace(Run run, String self, Arguments arguments) {
    Object[] values = arguments.bindPositional("replace", 2, "old", "new", "count");
    int count = values[2] == Arguments.MISSING ? -1 : Values.size("count", values[2]);
    return replace(run, self, text(values[0]), text(values[1]), count);
  }

  /** Replaces the first matches, or all for a count below 0; an empty text matches everywhere. */
  static String replace(Run run, String text, String old, String replacement, int count) {
    run.search(text, old);
    StringBuilder out = new StringBuilder();
    int from = 0;
    int left = count < 0 ? Integer.MAX_VALUE : count;
    int at = left == 0 ? -1 : text.indexOf(old);
    while (at >= 0 && left-- > 0) {
      run.grow(out.length(), (long) at - from + replacement.length());
      out.append(text, from, at).append(replacement);
      from = at + old.length();
      if (old.isEmpty()) {
        if (at == text.length()) {
          break;
        }
        int next = at + Character.charCount(text.codePointAt(at));
        out.append(text, at, next);
        from = next;
      }
      at = text.indexOf(old, from);
    }
    run.grow(out.length(), (long) text.length() - from);
    return out.append(text, from, text.length()).toString();
  }

  static String text(Object value) {
    return Values.requireText("the argument", value);
  }
}
