package io.adapt4j.structured.internal.ebnf;

import io.adapt4j.structured.internal.grammar.CodePoints;
import io.adapt4j.structured.internal.grammar.GrammarException;
import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.grammar.Node.Rule;
import io.adapt4j.structured.internal.limit.Budget;
import io.adapt4j.structured.internal.regex.RegexException;
import io.adapt4j.structured.internal.regex.RegexParser;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Parses GBNF-like grammars: rules of literals, classes, groups and repetitions. */
public final class GrammarParser {

  private static final String ROOT = "root";
  private static final int DEEPEST = 200;
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]*");
  private static final Pattern DEFINITION = Pattern.compile("([A-Za-z_][A-Za-z0-9_-]*)\\s*::=");
  private static final Pattern BOUNDS = Pattern.compile("\\{(\\d{1,6})(?:(,)(\\d{1,6})?)?\\}");

  /** Maximum number of consecutive repetition operators. */
  private static final int MOST_SIGNS = 10;

  private final String text;
  private final Map<String, Rule> rules = new LinkedHashMap<>();
  private final Budget budget = Budget.current();
  private final Set<String> defined = new LinkedHashSet<>();
  private int at;
  private int depth;

  private GrammarParser(String text) {
    this.text = text;
  }

  /** Reads a grammar. */
  public static Node parse(String grammar) {
    Budget budget = Budget.current();
    if (grammar.length() > budget.characters()) {
      throw new GrammarException(
          "expected at most "
              + budget.characters()
              + " characters, found "
              + grammar.length()
              + ". Make it smaller, or raise ConstraintLimits.characters.");
    }
    budget.step(grammar.length());
    return new GrammarParser(grammar).parse();
  }

  private Node parse() {
    skipBlank();
    while (at < text.length()) {
      Matcher matcher = DEFINITION.matcher(text).region(at, text.length());
      if (!matcher.lookingAt()) {
        throw expected("a rule, such as root ::= \"yes\" | \"no\"");
      }
      at = matcher.end();
      String name = matcher.group(1);
      if (!defined.add(name)) {
        throw new GrammarException("rule " + name + ": defined twice");
      }
      skipBlank();
      rule(name).define(choices());
    }
    for (String name : rules.keySet()) {
      if (!defined.contains(name)) {
        throw new GrammarException("rule " + name + ": used, but not defined");
      }
    }
    if (!defined.contains(ROOT)) {
      throw new GrammarException(
          "rule root: expected one with this name, found "
              + defined.stream().limit(10).toList()
              + (defined.size() > 10 ? " and more" : ""));
    }
    return rule(ROOT).reference();
  }

  private Rule rule(String name) {
    return rules.computeIfAbsent(name, Rule::new);
  }

  private Node choices() {
    List<Node> choices = new ArrayList<>();
    do {
      List<Node> parts = new ArrayList<>();
      while (!atEnd()) {
        parts.add(repeated());
        skipBlank();
      }
      choices.add(Node.sequence(parts));
    } while (take('|'));
    return Node.alternatives(choices);
  }

  /** Returns whether an alternative ends here. */
  private boolean atEnd() {
    return at >= text.length()
        || text.charAt(at) == '|'
        || text.charAt(at) == ')'
        || DEFINITION.matcher(text).region(at, text.length()).lookingAt();
  }

  private Node repeated() {
    budget.step(20);
    Node body = atom();
    for (int times = 0; at < text.length(); times++) {
      if (times > MOST_SIGNS) {
        throw expected("at most " + MOST_SIGNS + " repetitions of one part");
      }
      char sign = text.charAt(at);
      if (sign == '*' || sign == '+' || sign == '?') {
        at++;
        body = Node.repeat(body, sign == '+' ? 1 : 0, sign == '?' ? 1 : Node.UNBOUNDED);
        continue;
      }
      Matcher bounds = BOUNDS.matcher(text).region(at, text.length());
      if (!bounds.lookingAt()) {
        break;
      }
      at = bounds.end();
      int min = Integer.parseInt(bounds.group(1));
      int max =
          bounds.group(2) == null
              ? min
              : bounds.group(3) == null ? Node.UNBOUNDED : Integer.parseInt(bounds.group(3));
      if (max < min) {
        throw new GrammarException("a repetition from " + min + " to " + max + " is empty");
      }
      body = Node.repeat(body, min, max);
    }
    return body;
  }

  private Node atom() {
    char next = text.charAt(at);
    if (next == '"') {
      return literal();
    }
    if (next == '[') {
      return delimited(']', true);
    }
    if (next == '/') {
      return delimited('/', false);
    }
    if (take('.')) {
      return Node.ANY;
    }
    if (take('(')) {
      if (++depth > DEEPEST) {
        throw new GrammarException("groups are nested more than " + DEEPEST + " deep");
      }
      skipBlank();
      Node body = choices();
      if (!take(')')) {
        throw expected("a closing parenthesis");
      }
      depth--;
      return body;
    }
    Matcher name = NAME.matcher(text).region(at, text.length());
    if (!name.lookingAt()) {
      throw expected("a literal, a class, a group, an expression or the name of a rule");
    }
    at = name.end();
    return rule(name.group()).reference();
  }

  /** A class with its brackets, or an expression without its slashes. */
  private Node delimited(char last, boolean included) {
    int end = at + 1;
    while (end < text.length() && text.charAt(end) != last) {
      end += text.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= text.length()) {
      throw expected("the closing " + last);
    }
    String regex = included ? text.substring(at, end + 1) : text.substring(at + 1, end);
    at = end + 1;
    try {
      return RegexParser.whole(regex);
    } catch (RegexException e) {
      String shown = regex.length() <= 80 ? regex : regex.substring(0, 80) + "...";
      throw new GrammarException("in " + shown + ": " + e.getMessage());
    }
  }

  private Node literal() {
    StringBuilder literal = new StringBuilder();
    at++;
    while (true) {
      if (at >= text.length()) {
        throw expected("a closing quote");
      }
      char next = text.charAt(at++);
      if (next == '"') {
        if (literal.codePoints().anyMatch(c -> c >= 0xD800 && c <= 0xDFFF)) {
          throw expected("no unpaired surrogate before");
        }
        return Node.literal(literal.toString());
      }
      if (next == '\\') {
        escape(literal);
      } else {
        literal.append(next);
      }
    }
  }

  private void escape(StringBuilder to) {
    char next = at < text.length() ? text.charAt(at++) : ' ';
    switch (next) {
      case 'n' -> to.append('\n');
      case 'r' -> to.append('\r');
      case 't' -> to.append('\t');
      case '"', '\\', '/', '[', ']' -> to.append(next);
      case 'x' -> to.appendCodePoint(hex(2));
      case 'u' -> to.append((char) hex(4));
      case 'U' -> to.appendCodePoint(hex(8));
      default -> throw expected("\\n, \\r, \\t, \\\", \\\\, \\x, \\u or \\U");
    }
  }

  private int hex(int digits) {
    String found = text.substring(at, Math.min(text.length(), at + digits));
    if (!found.matches("[0-9A-Fa-f]{" + digits + "}")
        || Long.parseLong(found, 16) > CodePoints.LAST) {
      throw expected(digits + " hexadecimal digits of a character");
    }
    at += digits;
    return Integer.parseInt(found, 16);
  }

  private boolean take(char wanted) {
    if (at < text.length() && text.charAt(at) == wanted) {
      at++;
      skipBlank();
      return true;
    }
    return false;
  }

  private void skipBlank() {
    while (at < text.length()) {
      if (text.charAt(at) == '#') {
        int end = text.indexOf('\n', at);
        at = end < 0 ? text.length() : end;
      } else if (" \t\n\u000B\f\r".indexOf(text.charAt(at)) >= 0) {
        at++;
      } else {
        return;
      }
    }
  }

  private GrammarException expected(String what) {
    long line = text.substring(0, Math.min(at, text.length())).lines().count();
    String rest = text.substring(Math.min(at, text.length()));
    String found = rest.isEmpty() ? "the end" : rest.lines().findFirst().orElse("");
    return new GrammarException(
        "line "
            + Math.max(1, line)
            + ": expected "
            + what
            + ", found "
            + (found.length() > 40 ? found.substring(0, 40) + "..." : found));
  }
}
