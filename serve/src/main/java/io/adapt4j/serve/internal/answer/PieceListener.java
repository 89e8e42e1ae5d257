package io.adapt4j.serve.internal.answer;

import io.adapt4j.core.generate.GenerationListener;
import io.adapt4j.core.generate.TokenLogprobs;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Combines tokens with the text that they complete. */
final class PieceListener implements GenerationListener {

  private final Consumer<Piece> onPiece;
  private List<TokenLogprobs> tokens = new ArrayList<>();

  PieceListener(Consumer<Piece> onPiece) {
    this.onPiece = onPiece;
  }

  @Override
  public void token(TokenLogprobs token) {
    tokens.add(token);
  }

  @Override
  public void accept(String text) {
    onPiece.accept(new Piece(text, rest()));
  }

  /** The tokens since the last text, which have no text. */
  List<TokenLogprobs> rest() {
    List<TokenLogprobs> rest = tokens;
    tokens = new ArrayList<>();
    return rest;
  }
}
