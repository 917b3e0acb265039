/* bugs.h - planted bugs: tests/sim/bugs.txt says where each is and what it does.  Which one bites is chosen at run time; 0: none.
 * In what is shipped there is nothing of this: scripts/plant.py writes copies of its sources with the bugs in them. */
#ifndef RECTIFY_TESTS_SIM_BUGS_H
#define RECTIFY_TESTS_SIM_BUGS_H

extern unsigned sim_bug;

#define SIM_BUG(number) (sim_bug == (number))

#endif
