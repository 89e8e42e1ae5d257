package io.adapt4j.structured.internal.regex;

import io.adapt4j.structured.internal.grammar.CodePoints;
import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.limit.Budget;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Parses expressions in the syntax of ECMAScript, as far as they are regular: no look-around, no
 * back-references, no word boundaries, anchors only at the ends.
 */
public final class RegexParser {

  /** Maximum number in a repetition. */
  public static final int MOST_TIMES = 10_000;

  private static final int MOST_LENGTH = 20_000;
  private static final int DEEPEST = 200;

  /** Maximum number of consecutive repetition operators, of which ECMAScript allows one. */
  private static final int MOST_SIGNS = 3;

  private static final Pattern BOUNDS = Pattern.compile("\\{\\d+(,\\d*)?\\}");

  private final String text;
  private int at;
  private int depth;

  private RegexParser(String text) {
    this.text = text;
  }

  /** An alternative, and whether it is anchored at the ends of the text. */
  private record Branch(Node body, boolean begins, boolean ends) {}

  /** Parses an expression that must match a whole text. */
  public static Node whole(String regex) {
    return Node.alternatives(new RegexParser(regex).parse().stream().map(Branch::body).toList());
  }

  /** Parses an expression that is searched for in a text. */
  public static Node search(String regex) {
    Node any = Node.repeat(Node.ANY, 0, Node.UNBOUNDED);
    List<Node> choices = new ArrayList<>();
    for (Branch branch : new RegexParser(regex).parse()) {
      choices.add(
          Node.sequence(
              branch.begins() ? Node.EMPTY : any, branch.body(), branch.ends() ? Node.EMPTY : any));
    }
    return Node.alternatives(choices);
  }

  private List<Branch> parse() {
    if (text.length() > MOST_LENGTH) {
      throw new RegexException(
          "expected at most " + MOST_LENGTH + " characters, found " + text.length());
    }
    List<Branch> branches = new ArrayList<>();
    do {
      branches.add(branch());
    } while (take('|'));
    if (at < text.length()) {
      throw expected("the end");
    }
    return branches;
  }

  private Branch branch() {
    boolean begins = false;
    while (take('^')) {
      begins = true;
    }
    // An alternative that is one group can have its anchors inside.
    List<Node> parts = new ArrayList<>();
    while (at < text.length() && peek() != '|' && peek() != '$') {
      parts.add(repeated());
    }
    boolean ends = false;
    while (take('$')) {
      ends = true;
    }
    if (at < text.length() && peek() != '|') {
      throw new RegexException(
          "the anchor $ stands at "
              + (at - 1)
              + ", but is understood only at the end of a top-level alternative");
    }
    return new Branch(Node.sequence(parts), begins, ends);
  }

  private Node choices() {
    List<Node> choices = new ArrayList<>();
    do {
      List<Node> parts = new ArrayList<>();
      while (at < text.length() && peek() != '|' && peek() != ')') {
        parts.add(repeated());
      }
      choices.add(Node.sequence(parts));
    } while (take('|'));
    return Node.alternatives(choices);
  }

  private Node repeated() {
    Node body = atom();
    for (int times = 0; at < text.length(); times++) {
      int min;
      int max;
      char sign = peek();
      if (sign == '*' || sign == '+' || sign == '?') {
        at++;
        min = sign == '+' ? 1 : 0;
        max = sign == '?' ? 1 : Node.UNBOUNDED;
      } else if (sign == '{' && BOUNDS.matcher(text).region(at, text.length()).lookingAt()) {
        int end = text.indexOf('}', at);
        String[] bounds = text.substring(at + 1, end).split(",", -1);
        min = number(bounds[0]);
        max = bounds.length == 1 ? min : bounds[1].isEmpty() ? Node.UNBOUNDED : number(bounds[1]);
        at = end + 1;
        if (max < min) {
          throw new RegexException("a repetition from " + min + " to " + max + " is empty");
        }
      } else {
        break;
      }
      take('?');
      if (times == MOST_SIGNS) {
        throw expected("at most " + MOST_SIGNS + " repetitions of one part");
      }
      body = Node.repeat(body, min, max);
    }
    return body;
  }

  private static int number(String digits) {
    int number = digits.length() > 6 ? Integer.MAX_VALUE : Integer.parseInt(digits);
    if (number > MOST_TIMES) {
      throw new RegexException("a repetition of " + digits + " times is more than " + MOST_TIMES);
    }
    return number;
  }

  private Node atom() {
    char next = peek();
    switch (next) {
      case '(' -> {
        return group();
      }
      case '[' -> {
        at++;
        return new Node.Characters(set());
      }
      case '.' -> {
        at++;
        return new Node.Characters(CharacterClasses.DOT);
      }
      case '\\' -> {
        at++;
        return new Node.Characters(escape(false));
      }
      case '*', '+', '?' -> throw expected("something to repeat");
      case '^', '$' ->
          throw new RegexException(
              "the anchor "
                  + next
                  + " stands at "
                  + at
                  + ", but is understood only at the ends of top-level alternatives");
      case ')' -> throw expected("an opening parenthesis before");
      default -> {
        int character = text.codePointAt(at);
        at += Character.charCount(character);
        return new Node.Characters(CodePoints.of(character));
      }
    }
  }

  private Node group() {
    at++;
    if (++depth > DEEPEST) {
      throw new RegexException("groups are nested more than " + DEEPEST + " deep");
    }
    if (take('?')) {
      if (take('<')) {
        if (at < text.length() && (peek() == '=' || peek() == '!')) {
          throw unsupported("look-behind");
        }
        int end = text.indexOf('>', at);
        if (end < 0) {
          throw expected("the name of a group");
        }
        at = end + 1;
      } else if (!take(':')) {
        throw unsupported(
            at < text.length() && (peek() == '=' || peek() == '!') ? "look-ahead" : "(?...)");
      }
    }
    Node body = choices();
    if (!take(')')) {
      throw expected("a closing parenthesis");
    }
    depth--;
    return body;
  }

  private CodePoints set() {
    boolean inverted = take('^');
    List<int[]> all = new ArrayList<>();
    while (true) {
      if (at >= text.length()) {
        throw expected("a closing bracket");
      }
      if (take(']')) {
        CodePoints set = CodePoints.ofRanges(all);
        return inverted ? set.complement() : set;
      }
      CodePoints first = member();
      boolean range =
          at + 1 < text.length() && peek() == '-' && text.charAt(at + 1) != ']' && first.isSingle();
      if (range) {
        at++;
        CodePoints last = member();
        if (!last.isSingle()) {
          addAll(first, all);
          all.add(new int[] {'-', '-'});
          addAll(last, all);
        } else if (last.first(0) < first.first(0)) {
          throw expected("a range in ascending order");
        } else {
          all.add(new int[] {first.first(0), last.first(0)});
        }
      } else {
        addAll(first, all);
      }
    }
  }

  private static void addAll(CodePoints set, List<int[]> to) {
    Budget.current().step(10 + set.rangeCount());
    for (int range = 0; range < set.rangeCount(); range++) {
      to.add(new int[] {set.first(range), set.last(range)});
    }
  }

  private CodePoints member() {
    if (take('\\')) {
      return escape(true);
    }
    if (at >= text.length()) {
      throw expected("a closing bracket");
    }
    int character = text.codePointAt(at);
    at += Character.charCount(character);
    return CodePoints.of(character);
  }

  private CodePoints escape(boolean inSet) {
    if (at >= text.length()) {
      throw expected("a character after the backslash");
    }
    int character = text.codePointAt(at);
    at += Character.charCount(character);
    return switch (character) {
      case 'd' -> CharacterClasses.DIGIT;
      case 'D' -> CharacterClasses.DIGIT.complement();
      case 'w' -> CharacterClasses.WORD;
      case 'W' -> CharacterClasses.WORD.complement();
      case 's' -> CharacterClasses.SPACE;
      case 'S' -> CharacterClasses.SPACE.complement();
      case 't' -> CodePoints.of('\t');
      case 'n' -> CodePoints.of('\n');
      case 'v' -> CodePoints.of(0x0B);
      case 'f' -> CodePoints.of('\f');
      case 'r' -> CodePoints.of('\r');
      case '0' -> CodePoints.of(0);
      case 'c' -> CodePoints.of(control());
      case 'x' -> CodePoints.of(hex(2));
      case 'u' -> CodePoints.of(unicode());
      case 'p', 'P' -> property(character == 'P');
      default -> literal(character, inSet);
    };
  }

  private CodePoints literal(int character, boolean inSet) {
    if (character == 'b' && inSet) {
      return CodePoints.of('\b');
    }
    if (character == 'b' || character == 'B') {
      throw unsupported("the word boundary \\" + (char) character);
    }
    if ((character >= '1' && character <= '9') || character == 'k') {
      throw unsupported("a back-reference");
    }
    if (Character.isLetter(character)) {
      throw unsupported("the escape \\" + Character.toString(character));
    }
    return CodePoints.of(character);
  }

  private int control() {
    if (at >= text.length() || !String.valueOf(peek()).matches("[A-Za-z]")) {
      throw expected("a letter after \\c");
    }
    return text.charAt(at++) % 32;
  }

  private int unicode() {
    if (take('{')) {
      int end = text.indexOf('}', at);
      String digits = end < 0 ? "" : text.substring(at, end);
      if (!digits.matches("[0-9A-Fa-f]{1,6}") || Integer.parseInt(digits, 16) > CodePoints.LAST) {
        throw expected("the number of a character");
      }
      at = end + 1;
      return Integer.parseInt(digits, 16);
    }
    int first = hex(4);
    if (Character.isHighSurrogate((char) first) && text.startsWith("\\u", at)) {
      at += 2;
      return Character.toCodePoint((char) first, (char) hex(4));
    }
    return first;
  }

  private int hex(int digits) {
    String found = text.substring(at, Math.min(text.length(), at + digits));
    if (!found.matches("[0-9A-Fa-f]{" + digits + "}")) {
      throw expected(digits + " hexadecimal digits");
    }
    at += digits;
    return Integer.parseInt(found, 16);
  }

  private CodePoints property(boolean inverted) {
    int end = text.indexOf('}', at);
    if (!take('{') || end < 0) {
      throw expected("the name of a property in braces");
    }
    String name = text.substring(at, end);
    at = end + 1;
    CodePoints set =
        CharacterClasses.property(name).orElseThrow(() -> unsupported("the property " + name));
    return inverted ? set.complement() : set;
  }

  private char peek() {
    return text.charAt(at);
  }

  private boolean take(char wanted) {
    if (at < text.length() && peek() == wanted) {
      at++;
      return true;
    }
    return false;
  }

  private RegexException expected(String what) {
    return new RegexException("at " + at + " of \"" + shortened() + "\": expected " + what);
  }

  private RegexException unsupported(String what) {
    return new RegexException(what + " is not supported, at " + at + " of \"" + shortened() + "\"");
  }

  private String shortened() {
    return text.length() <= 80 ? text : text.substring(0, 80) + "...";
  }
}
