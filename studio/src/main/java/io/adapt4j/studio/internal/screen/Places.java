package io.adapt4j.studio.internal.screen;

/** Places of rows, as messages name them. */
final class Places {

  private Places() {}

  /** Returns a place without the folder of its file. */
  static String brief(String place) {
    int colon = place.lastIndexOf(':');
    int end = colon < 0 ? place.length() : colon;
    return place.substring(1 + Math.max(place.lastIndexOf('/', end), place.lastIndexOf('\\', end)));
  }
}
