package io.adapt4j.jinja.internal.syntax;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Parses operands: literals, names, subscripts and calls. */
final class OperandParser {

  private final Tokens tokens;
  private final ExpressionParser expressions;
  private final Deque<Set<String>> loadedNames = new ArrayDeque<>();

  OperandParser(Tokens tokens, ExpressionParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
    loadedNames.push(new HashSet<>());
  }

  void beginNames() {
    loadedNames.push(new HashSet<>());
  }

  /** Returns the names read since the matching {@link #beginNames}. */
  Set<String> endNames() {
    Set<String> names = loadedNames.pop();
    loadedNames.element().addAll(names);
    return names;
  }

  Expr primary() {
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
      Expr inner = expressions.tuple(true, true);
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
      items.add(expressions.expression());
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
      Expr key = expressions.expression();
      tokens.expectOperator(":");
      items.add(Map.entry(key, expressions.expression()));
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
      expressions.requireChain(length);
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
    Expr start = tokens.atOperator(":") ? null : expressions.expression();
    if (!tokens.skipOperator(":")) {
      return start;
    }
    Expr stop = atKeyEnd() || tokens.atOperator(":") ? null : expressions.expression();
    Expr step = tokens.skipOperator(":") && !atKeyEnd() ? expressions.expression() : null;
    return new Expressions.SliceOf(start, stop, step);
  }

  private boolean atKeyEnd() {
    return tokens.atOperator("]") || tokens.atOperator(",");
  }

  ArgumentList arguments() {
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
        more = expressions.expression();
      } else if (tokens.skipOperator("**")) {
        valid = moreNamed == null;
        moreNamed = expressions.expression();
      } else if (tokens.at(Token.Type.NAME) && tokens.peekSecond().isOperator("=")) {
        valid = moreNamed == null;
        String name = tokens.take().text();
        tokens.take();
        valid &= named.stream().noneMatch(entry -> entry.getKey().equals(name));
        named.add(Map.entry(name, expressions.expression()));
      } else {
        valid = more == null && moreNamed == null && named.isEmpty();
        positional.add(expressions.expression());
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
