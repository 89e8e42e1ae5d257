package io.adapt4j.federated;

/**
 * Site and round of a training to configure.
 *
 * @param site the name of the site
 * @param round the round, from 1; 0 for the single step that creates the initial adapter without
 *     changing it
 * @param rounds total number of rounds
 */
public record SiteRound(String site, int round, int rounds) {}
