package io.adapt4j.structured.internal.regex;

import io.adapt4j.structured.internal.grammar.CodePoints;
import io.adapt4j.structured.internal.limit.Budget;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** The named character sets of ECMAScript's expressions. */
final class CharacterClasses {

  static final CodePoints DIGIT = CodePoints.of('0', '9');
  static final CodePoints WORD =
      CodePoints.of('a', 'z').or(CodePoints.of('A', 'Z')).or(DIGIT).or(CodePoints.of('_'));
  static final CodePoints SPACE =
      CodePoints.ofAll("\t\n\u000B\f\r \u00A0\u1680\u2028\u2029\u202F\u205F\u3000\uFEFF")
          .or(CodePoints.of(0x2000, 0x200A));

  /** All characters except line terminators. */
  static final CodePoints DOT = CodePoints.ofAll("\n\r\u2028\u2029").complement();

  private static final Map<String, String> CATEGORIES =
      Map.ofEntries(
          Map.entry("Letter", "L"),
          Map.entry("Lowercase_Letter", "Ll"),
          Map.entry("Uppercase_Letter", "Lu"),
          Map.entry("Titlecase_Letter", "Lt"),
          Map.entry("Modifier_Letter", "Lm"),
          Map.entry("Other_Letter", "Lo"),
          Map.entry("Mark", "M"),
          Map.entry("Number", "N"),
          Map.entry("Decimal_Number", "Nd"),
          Map.entry("digit", "Nd"),
          Map.entry("Punctuation", "P"),
          Map.entry("punct", "P"),
          Map.entry("Symbol", "S"),
          Map.entry("Separator", "Z"),
          Map.entry("Space_Separator", "Zs"));

  private static final int MOST_KNOWN = 500;
  private static final Map<String, CodePoints> KNOWN = new ConcurrentHashMap<>();

  private CharacterClasses() {}

  /** Returns the characters of a Unicode property; empty if it is unknown. */
  static Optional<CodePoints> property(String name) {
    CodePoints known = KNOWN.get(name);
    if (known != null) {
      return Optional.of(known);
    }
    Optional<CodePoints> found = find(name);
    // Names in untrusted input are not cached without bound: scripts have many spellings.
    if (found.isPresent() && KNOWN.size() < MOST_KNOWN) {
      KNOWN.put(name, found.get());
    }
    return found;
  }

  private static Optional<CodePoints> find(String name) {
    String value = name.replaceFirst("^(General_Category|gc)=", "");
    boolean script = name.matches("(Script|sc)=\\w+");
    String java =
        script
            ? "Is" + name.substring(name.indexOf('=') + 1)
            : CATEGORIES.getOrDefault(value, value);
    if (!script && !java.matches("[CLMNPSZ][a-z]?") && !java.equals("Alphabetic")) {
      return Optional.empty();
    }
    Pattern pattern;
    try {
      pattern = Pattern.compile("\\p{" + (java.equals("Alphabetic") ? "Is" + java : java) + "}");
    } catch (PatternSyntaxException e) {
      return Optional.empty();
    }
    List<int[]> ranges = new ArrayList<>();
    int first = -1;
    Budget budget = Budget.current();
    for (int character = 0; character <= CodePoints.LAST + 1; character++) {
      budget.step(character % 2);
      boolean in =
          character <= CodePoints.LAST && pattern.matcher(Character.toString(character)).matches();
      if (in && first < 0) {
        first = character;
      } else if (!in && first >= 0) {
        ranges.add(new int[] {first, character - 1});
        first = -1;
      }
    }
    return Optional.of(CodePoints.ofRanges(ranges));
  }
}
