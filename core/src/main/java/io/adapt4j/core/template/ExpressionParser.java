package io.adapt4j.core.template;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads expressions with the grammar and precedence of Jinja 3.1. */
final class ExpressionParser {

  private static final int MAX_DEPTH = 100;

  /** The longest chain of operators, filters or subscripts, each of which nests the one before. */
  private static final int MAX_CHAIN = 500;

  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

  private final Tokens tokens;
  private final Deque<Set<String>> loadedNames = new ArrayDeque<>();

  /** Unknown filters and tests that are errors unless they turn out to be in a conditional. */
  private final List<TemplateException> unknown = new ArrayList<>();

  private int depth;

  ExpressionParser(Tokens tokens) {
    this.tokens = tokens;
    loadedNames.push(new HashSet<>());
  }

  /** Starts to collect the names that are read from here on. */
  void beginNames() {
    loadedNames.push(new HashSet<>());
  }

  /** Returns the names read since the matching {@link #beginNames}. */
  Set<String> endNames() {
    Set<String> names = loadedNames.pop();
    loadedNames.element().addAll(names);
    return names;
  }

  /** Refuses what the template can never use, as Jinja does before it renders. */
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

  /** Reads one expression, or several with commas between them as a tuple. */
  Expr tuple(boolean withCondition) {
    return tuple(withCondition, false);
  }

  private Expr tuple(boolean withCondition, boolean mayBeEmpty) {
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

  private void requireChain(int length) {
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
    List<Expressions.Operand> operands = new ArrayList<>();
    while (true) {
      if (tokens.at(Token.Type.OPERATOR) && COMPARISONS.contains(tokens.peek().text())) {
        operands.add(new Expressions.Operand(tokens.take().text(), sum()));
      } else if (tokens.skipName("in")) {
        operands.add(new Expressions.Operand("in", sum()));
      } else if (tokens.atName("not") && tokens.peekSecond().isName("in")) {
        tokens.take();
        tokens.take();
        operands.add(new Expressions.Operand("not in", sum()));
      } else {
        break;
      }
    }
    return operands.isEmpty() ? first : new Expressions.Comparison(first, List.copyOf(operands));
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
      value = primary();
    }
    value = postfix(value);
    return withFilters ? filtersAndTests(value) : value;
  }

  private Expr primary() {
    Token token = tokens.peek();
    return switch (token.type()) {
      case NAME -> name();
      case STRING -> strings();
      case NUMBER -> new Expressions.Constant(tokens.take().value());
      case OPERATOR -> bracketed();
      default -> throw tokens.error("unexpected " + token.described());
    };
  }

  private Expr name() {
    String name = tokens.take().text();
    return switch (name) {
      case "true", "True" -> new Expressions.Constant(true);
      case "false", "False" -> new Expressions.Constant(false);
      case "none", "None" -> new Expressions.Constant(null);
      case "self", "super" ->
          throw tokens.error("'" + name + "' is not supported: a chat template has no blocks");
      default -> {
        loadedNames.element().add(name);
        yield new Expressions.Name(name);
      }
    };
  }

  private Expr strings() {
    StringBuilder text = new StringBuilder();
    while (tokens.at(Token.Type.STRING)) {
      text.append(tokens.take().text());
    }
    return new Expressions.Constant(text.toString());
  }

  private Expr bracketed() {
    if (tokens.skipOperator("(")) {
      Expr inner = tuple(true, true);
      tokens.expectOperator(")");
      return inner;
    }
    if (tokens.skipOperator("[")) {
      return list();
    }
    if (tokens.skipOperator("{")) {
      return dict();
    }
    throw tokens.error("unexpected " + tokens.peek().described());
  }

  private Expr list() {
    List<Expr> items = new ArrayList<>();
    while (!tokens.atOperator("]")) {
      items.add(expression());
      if (!tokens.atOperator("]")) {
        tokens.expectOperator(",");
      }
    }
    tokens.expectOperator("]");
    return new Expressions.ListOf(List.copyOf(items));
  }

  private Expr dict() {
    List<Map.Entry<Expr, Expr>> items = new ArrayList<>();
    while (!tokens.atOperator("}")) {
      Expr key = expression();
      tokens.expectOperator(":");
      items.add(Map.entry(key, expression()));
      if (!tokens.atOperator("}")) {
        tokens.expectOperator(",");
      }
    }
    tokens.expectOperator("}");
    return new Expressions.DictOf(List.copyOf(items));
  }

  Expr postfix(Expr start) {
    Expr value = start;
    for (int length = 1; ; length++) {
      requireChain(length);
      if (tokens.skipOperator(".")) {
        value = attribute(value);
      } else if (tokens.skipOperator("[")) {
        value = subscript(value);
      } else if (tokens.atOperator("(")) {
        value = new Expressions.Call(value, arguments());
      } else {
        return value;
      }
    }
  }

  private Expr attribute(Expr value) {
    Token token = tokens.take();
    if (token.type() == Token.Type.NAME) {
      return new Expressions.Attribute(value, token.text());
    }
    if (token.type() == Token.Type.NUMBER && !(token.value() instanceof Double)) {
      return new Expressions.Item(value, new Expressions.Constant(token.value()));
    }
    throw tokens.error(
        token.line(), "expected a name or number after '.', found " + token.described());
  }

  private Expr subscript(Expr value) {
    List<Expr> keys = new ArrayList<>();
    while (!tokens.atOperator("]")) {
      if (!keys.isEmpty()) {
        tokens.expectOperator(",");
      }
      keys.add(key());
    }
    tokens.expectOperator("]");
    return new Expressions.Item(
        value, keys.size() == 1 ? keys.get(0) : new Expressions.TupleOf(List.copyOf(keys)));
  }

  private Expr key() {
    Expr start = tokens.atOperator(":") ? null : expression();
    if (!tokens.skipOperator(":")) {
      return start;
    }
    Expr stop = atKeyEnd() || tokens.atOperator(":") ? null : expression();
    Expr step = tokens.skipOperator(":") && !atKeyEnd() ? expression() : null;
    return new Expressions.SliceOf(start, stop, step);
  }

  private boolean atKeyEnd() {
    return tokens.atOperator("]") || tokens.atOperator(",");
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
        value = new Expressions.Call(value, arguments());
      } else {
        return value;
      }
    }
  }

  /** Reads a filter's name and arguments; the bar before it has been read. */
  Expr filter(Expr input) {
    int line = tokens.peek().line();
    String name = dottedName();
    ArgumentList arguments = tokens.atOperator("(") ? arguments() : ArgumentList.NONE;
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
      return arguments();
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
    return new ArgumentList(List.of(postfix(primary())), List.of(), null, null);
  }

  private String dottedName() {
    StringBuilder name = new StringBuilder(tokens.expectName().text());
    while (tokens.skipOperator(".")) {
      name.append('.').append(tokens.expectName().text());
    }
    return name.toString();
  }

  private ArgumentList arguments() {
    int line = tokens.peek().line();
    tokens.expectOperator("(");
    List<Expr> positional = new ArrayList<>();
    List<Map.Entry<String, Expr>> named = new ArrayList<>();
    Expr more = null;
    Expr moreNamed = null;
    while (!tokens.atOperator(")")) {
      boolean valid;
      if (tokens.skipOperator("*")) {
        valid = more == null && moreNamed == null;
        more = expression();
      } else if (tokens.skipOperator("**")) {
        valid = moreNamed == null;
        moreNamed = expression();
      } else if (tokens.at(Token.Type.NAME) && tokens.peekSecond().isOperator("=")) {
        valid = moreNamed == null;
        String name = tokens.take().text();
        tokens.take();
        valid &= named.stream().noneMatch(one -> one.getKey().equals(name));
        named.add(Map.entry(name, expression()));
      } else {
        valid = more == null && moreNamed == null && named.isEmpty();
        positional.add(expression());
      }
      if (!valid) {
        throw tokens.error(line, "the arguments of this call are repeated or in a wrong order");
      }
      if (!tokens.atOperator(")")) {
        tokens.expectOperator(",");
      }
    }
    tokens.expectOperator(")");
    return new ArgumentList(List.copyOf(positional), List.copyOf(named), more, moreNamed);
  }
}
