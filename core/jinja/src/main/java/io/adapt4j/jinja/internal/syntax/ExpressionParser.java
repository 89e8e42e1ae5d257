package io.adapt4j.jinja.internal.syntax;

import io.adapt4j.jinja.internal.function.Filter;
import io.adapt4j.jinja.internal.function.Filters;
import io.adapt4j.jinja.internal.function.Test;
import io.adapt4j.jinja.internal.function.Tests;
import io.adapt4j.jinja.internal.value.Fault;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Parses expressions with the grammar and precedence of Jinja 3.1. */
final class ExpressionParser {

  private static final int MAX_DEPTH = 100;

  /**
   * Maximum length of a chain of operators, filters or subscripts, each of which nests the one
   * before.
   */
  private static final int MAX_CHAIN = 500;

  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

  private final Tokens tokens;
  private final OperandParser operands;

  /** Unknown filters and tests, which are errors unless they are inside a conditional. */
  private final List<Fault> unknown = new ArrayList<>();

  private int depth;

  ExpressionParser(Tokens tokens) {
    this.tokens = tokens;
    this.operands = new OperandParser(tokens, this);
  }

  void beginNames() {
    operands.beginNames();
  }

  /** Returns the names read since the matching {@link #beginNames}. */
  Set<String> endNames() {
    return operands.endNames();
  }

  /** Refuses unknown filters and tests, as Jinja does before it renders. */
  void requireKnown(boolean conditional) {
    if (!conditional && !unknown.isEmpty()) {
      throw unknown.get(0);
    }
    unknown.clear();
  }

  Expr expression() {
    return expression(true);
  }

  Expr expression(boolean withCondition) {
    enter();
    Expr result = withCondition ? conditional() : or();
    depth--;
    return result;
  }

  /** Parses an expression, or several separated by commas as a tuple. */
  Expr tuple(boolean withCondition) {
    return tuple(withCondition, false);
  }

  /** Like {@link #tuple(boolean)}, but possibly without any expression. */
  Expr tuple(boolean withCondition, boolean mayBeEmpty) {
    List<Expr> items = new ArrayList<>();
    boolean comma = false;
    while (!atTupleEnd()) {
      items.add(expression(withCondition));
      if (!tokens.skipOperator(",")) {
        break;
      }
      comma = true;
    }
    if (!comma && items.size() == 1) {
      return items.get(0);
    }
    if (!comma && !mayBeEmpty) {
      throw tokens.error("expected an expression, found " + tokens.peek().described());
    }
    return new Expressions.TupleOf(List.copyOf(items));
  }

  private boolean atTupleEnd() {
    return tokens.at(Token.Type.VARIABLE_END)
        || tokens.at(Token.Type.BLOCK_END)
        || tokens.atOperator(")");
  }

  private void enter() {
    depth++;
    if (depth > MAX_DEPTH) {
      throw tokens.error("expressions are nested deeper than " + MAX_DEPTH);
    }
  }

  void requireChain(int length) {
    if (length > MAX_CHAIN) {
      throw tokens.error("an expression chains more than " + MAX_CHAIN + " operators");
    }
  }

  private Expr conditional() {
    int known = unknown.size();
    Expr value = or();
    int length = 0;
    while (tokens.skipName("if")) {
      requireChain(++length);
      Expr test = or();
      Expr other = tokens.skipName("else") ? expression() : null;
      value = new Expressions.Conditional(test, value, other);
      unknown.subList(known, unknown.size()).clear();
    }
    return value;
  }

  private Expr or() {
    Expr left = and();
    for (int length = 1; tokens.skipName("or"); length++) {
      requireChain(length);
      left = new Expressions.Or(left, and());
    }
    return left;
  }

  private Expr and() {
    Expr left = not();
    for (int length = 1; tokens.skipName("and"); length++) {
      requireChain(length);
      left = new Expressions.And(left, not());
    }
    return left;
  }

  private Expr not() {
    if (!tokens.skipName("not")) {
      return comparison();
    }
    enter();
    Expr result = new Expressions.Not(not());
    depth--;
    return result;
  }

  private Expr comparison() {
    Expr first = sum();
    List<Expressions.Operand> compared = new ArrayList<>();
    while (true) {
      if (tokens.at(Token.Type.OPERATOR) && COMPARISONS.contains(tokens.peek().text())) {
        compared.add(new Expressions.Operand(tokens.take().text(), sum()));
      } else if (tokens.skipName("in")) {
        compared.add(new Expressions.Operand("in", sum()));
      } else if (tokens.atName("not") && tokens.peekSecond().isName("in")) {
        tokens.take();
        tokens.take();
        compared.add(new Expressions.Operand("not in", sum()));
      } else {
        break;
      }
    }
    return compared.isEmpty() ? first : new Expressions.Comparison(first, List.copyOf(compared));
  }

  private Expr sum() {
    Expr left = concatenation();
    for (int length = 1; tokens.atOperator("+") || tokens.atOperator("-"); length++) {
      requireChain(length);
      String operator = tokens.take().text();
      left = new Expressions.Binary(operator, left, concatenation());
    }
    return left;
  }

  private Expr concatenation() {
    Expr first = product();
    if (!tokens.atOperator("~")) {
      return first;
    }
    List<Expr> parts = new ArrayList<>(List.of(first));
    while (tokens.skipOperator("~")) {
      parts.add(product());
    }
    return new Expressions.Concatenation(List.copyOf(parts));
  }

  private Expr product() {
    Expr left = power();
    for (int length = 1; atProductOperator(); length++) {
      requireChain(length);
      String operator = tokens.take().text();
      left = new Expressions.Binary(operator, left, power());
    }
    return left;
  }

  private boolean atProductOperator() {
    return tokens.atOperator("*")
        || tokens.atOperator("/")
        || tokens.atOperator("//")
        || tokens.atOperator("%");
  }

  private Expr power() {
    Expr left = unary(true);
    for (int length = 1; tokens.skipOperator("**"); length++) {
      requireChain(length);
      left = new Expressions.Binary("**", left, unary(true));
    }
    return left;
  }

  private Expr unary(boolean withFilters) {
    Expr value;
    if (tokens.atOperator("-") || tokens.atOperator("+")) {
      enter();
      String operator = tokens.take().text();
      value = new Expressions.Unary(operator, unary(false));
      depth--;
    } else {
      value = operands.primary();
    }
    value = operands.postfix(value);
    return withFilters ? filtersAndTests(value) : value;
  }

  private Expr filtersAndTests(Expr start) {
    Expr value = start;
    for (int length = 1; ; length++) {
      requireChain(length);
      if (tokens.atOperator("|")) {
        tokens.take();
        value = filter(value);
      } else if (tokens.skipName("is")) {
        value = test(value);
      } else if (tokens.atOperator("(")) {
        value = new Expressions.Call(value, operands.arguments());
      } else {
        return value;
      }
    }
  }

  /** Parses a filter's name and arguments after the bar. */
  Expr filter(Expr input) {
    int line = tokens.peek().line();
    String name = dottedName();
    ArgumentList arguments = tokens.atOperator("(") ? operands.arguments() : ArgumentList.NONE;
    Filter filter = Filters.find(name);
    if (filter == null) {
      unknown.add(tokens.error(line, Filters.unknown(name)));
    }
    return new Expressions.Filtered(input, name, filter, arguments);
  }

  private Expr test(Expr value) {
    int line = tokens.peek().line();
    boolean negated = tokens.skipName("not");
    String name = dottedName();
    Test test = Tests.find(name);
    if (test == null) {
      unknown.add(tokens.error(line, Tests.unknown(name)));
    }
    Expr tested = new Expressions.Tested(value, name, test, testArguments());
    return negated ? new Expressions.Not(tested) : tested;
  }

  private ArgumentList testArguments() {
    if (tokens.atOperator("(")) {
      return operands.arguments();
    }
    Token token = tokens.peek();
    boolean word =
        token.type() == Token.Type.NAME
            && !token.isName("else")
            && !token.isName("or")
            && !token.isName("and");
    boolean literal =
        token.type() == Token.Type.STRING
            || token.type() == Token.Type.NUMBER
            || token.isOperator("[")
            || token.isOperator("{");
    if (!word && !literal) {
      return ArgumentList.NONE;
    }
    if (token.isName("is")) {
      throw tokens.error("tests cannot be chained with 'is'");
    }
    return new ArgumentList(List.of(operands.postfix(operands.primary())), List.of(), null, null);
  }

  private String dottedName() {
    StringBuilder name = new StringBuilder(tokens.expectName().text());
    while (tokens.skipOperator(".")) {
      name.append('.').append(tokens.expectName().text());
    }
    return name.toString();
  }
}
