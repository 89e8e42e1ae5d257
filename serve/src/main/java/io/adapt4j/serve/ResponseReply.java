package io.adapt4j.serve;

import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.TokenLogprobs;
import java.io.IOException;
import java.util.List;

/** Writes a response as one object. */
record ResponseReply(Call call, ResponseFormat format) implements Reply<Generation> {

  @Override
  public boolean isInPieces() {
    return false;
  }

  @Override
  public void piece(int choice, Piece piece) {}

  @Override
  public void last(int choice, Generation answer, List<TokenLogprobs> rest) {
    call.keep(choice, answer.text());
  }

  @Override
  public void alive() throws IOException {
    Reply.aliveBeforeObject(call);
  }

  @Override
  public void end(List<Generation> answers, Usage usage) throws IOException {
    Reply.endWithObject(call, format.complete(answers.get(0), usage));
  }
}
