/** Lexer, parser and syntax tree of templates; the nodes evaluate themselves. */
package io.adapt4j.jinja.internal.syntax;
