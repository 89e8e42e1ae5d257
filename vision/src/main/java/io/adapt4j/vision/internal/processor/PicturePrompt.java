package io.adapt4j.vision.internal.processor;

import java.util.Arrays;

/**
 * Token ids of a prompt with pictures.
 *
 * @param ids the prompt; one id for each feature row of a picture
 * @param placeId id whose places take the features of the pictures, in order
 * @param typeIds what the family's processor calls token types: 1 at places of pictures, except in
 *     PaliGemma, where 1 is the answer to be trained
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record PicturePrompt(int[] ids, int placeId, int[] typeIds, String text) {

  static PicturePrompt of(int[] ids, int placeId, String text) {
    return new PicturePrompt(
        ids, placeId, Arrays.stream(ids).map(id -> id == placeId ? 1 : 0).toArray(), text);
  }
}
