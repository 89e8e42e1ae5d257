package io.adapt4j.jinja.internal.syntax;

import io.adapt4j.jinja.internal.value.Fault;
import java.util.List;

/** The tokens of a template and the parser's position. */
final class Tokens {

  private final List<Token> tokens;
  private int next;

  Tokens(String text) {
    this.tokens = Lexer.tokens(text);
  }

  Token peek() {
    return tokens.get(next);
  }

  Token peekSecond() {
    return tokens.get(Math.min(next + 1, tokens.size() - 1));
  }

  Token take() {
    Token token = tokens.get(next);
    next = Math.min(next + 1, tokens.size() - 1);
    return token;
  }

  boolean at(Token.Type type) {
    return peek().type() == type;
  }

  boolean atName(String name) {
    return peek().isName(name);
  }

  boolean atOperator(String operator) {
    return peek().isOperator(operator);
  }

  boolean skipName(String name) {
    boolean found = atName(name);
    if (found) {
      take();
    }
    return found;
  }

  boolean skipOperator(String operator) {
    boolean found = atOperator(operator);
    if (found) {
      take();
    }
    return found;
  }

  Token expect(Token.Type type, String description) {
    if (!at(type)) {
      throw error("expected " + description + ", found " + peek().described());
    }
    return take();
  }

  Token expectName() {
    return expect(Token.Type.NAME, "a name");
  }

  void expectName(String name) {
    if (!skipName(name)) {
      throw error("expected '" + name + "', found " + peek().described());
    }
  }

  void expectOperator(String operator) {
    if (!skipOperator(operator)) {
      throw error("expected '" + operator + "', found " + peek().described());
    }
  }

  void expectBlockEnd() {
    expect(Token.Type.BLOCK_END, "'%}'");
  }

  Fault error(String problem) {
    return error(peek().line(), problem);
  }

  Fault error(int line, String problem) {
    return new Fault(problem).at(line);
  }
}
