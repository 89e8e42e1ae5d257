package io.adapt4j.eval;

import io.adapt4j.eval.spi.Request;
import java.util.List;

/**
 * Requests with the passages of grounded candidates.
 *
 * @param candidate the candidate that replies to them
 * @param retrieves whether it may add more to them
 */
record GivenRequests(List<Request> requests, Candidate candidate, boolean retrieves) {

  static GivenRequests of(Candidate candidate, List<Request> requests) {
    if (candidate instanceof GroundedCandidate grounded) {
      return of(grounded.candidate(), grounded.grounded(requests));
    }
    boolean known =
        candidate instanceof LocalCandidate
            || candidate instanceof ClassifierCandidate
            || (candidate instanceof GeneratorCandidate generator && !generator.retrieves());
    return new GivenRequests(requests, candidate, !known);
  }
}
